import type { FastifyReply } from 'fastify';
import type { VNode } from 'preact';
import { renderToString } from 'preact-render-to-string';
import { randomToken } from '../crypto/random.js';
import { Layout } from './layout.js';
import { setPageHeaders } from './page-headers.js';
import type { Setting } from './page.js';

/** What is on a page. */
export interface Content {
  /** Of the window; the realm's name is added. */
  readonly title: string;
  readonly body: VNode;
  /** Files of scripts/ beside page.js. */
  readonly scripts?: readonly string[];
  /** Beside page.css, for pages that are more than a card. */
  readonly style?: string;
  /** How often it is loaded anew where no script keeps it up to date. */
  readonly refreshSeconds?: number;
}

/** 128 bits: the policy allows what carries it, and each page has another. */
const NONCE_BYTES = 16;

/** The page as HTML; its headers are set. */
export function renderPage(reply: FastifyReply, setting: Setting, content: Content): string {
  const nonce = randomToken(NONCE_BYTES);
  setPageHeaders(reply, nonce, setting);
  const page = <Layout setting={setting} nonce={nonce} content={content} />;
  return `<!doctype html>${renderToString(page)}`;
}

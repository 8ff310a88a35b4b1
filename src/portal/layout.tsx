import { pathOfAsset } from './assets.js';
import { shadesOf, type Shades } from './color.js';
import type { Setting } from './page.js';
import type { Content } from './render.js';

interface LayoutProps {
  readonly setting: Setting;
  readonly nonce: string;
  readonly content: Content;
}

/** What stands around every page. */
export function Layout({ setting: { texts, look }, nonce, content }: LayoutProps) {
  const logo = look?.logoVersion ? `/p/logo/${look.id}/${look.logoVersion}` : undefined;
  return (
    <html lang={texts.locale} dir={texts.direction}>
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta name="robots" content="noindex" />
        {content.refreshSeconds && (
          <noscript>
            <meta http-equiv="refresh" content={String(content.refreshSeconds)} />
          </noscript>
        )}
        <title>{[content.title, look?.name].filter(Boolean).join(' · ')}</title>
        <link rel="icon" href={logo ?? 'data:,'} />
        <link rel="stylesheet" href={pathOfAsset('page.css')} nonce={nonce} />
        {content.style && <link rel="stylesheet" href={pathOfAsset(content.style)} nonce={nonce} />}
        {look?.color && (
          <style nonce={nonce} dangerouslySetInnerHTML={{ __html: brandStyle(look.color) }} />
        )}
        {['page.js', ...(content.scripts ?? [])].map((file) => (
          <script key={file} src={pathOfAsset(file)} nonce={nonce} defer />
        ))}
      </head>
      <body>
        <div class={content.style ? 'card wide' : 'card'}>
          {look && (
            <header class="brand">
              {logo ? <img src={logo} alt={look.name} height="40" /> : <bdi>{look.name}</bdi>}
            </header>
          )}
          <main>{content.body}</main>
        </div>
      </body>
    </html>
  );
}

/** A style's text is not escaped; the colour has been checked to be six hexadecimal digits. */
function brandStyle(color: string): string {
  if (!/^#[0-9a-f]{6}$/i.test(color)) return '';
  const { light, dark } = shadesOf(color);
  return `:root{${variables(light)}}@media (prefers-color-scheme:dark){:root{${variables(dark)}}}`;
}

function variables({ color, ink }: Shades): string {
  return `--brand:${color};--on-brand:${ink}`;
}

/**
 * The figures of several processes on one port: whichever of them is asked, all of them answer, added up by
 * prom-client in the process that started them.
 */
import cluster, { type Worker } from 'node:cluster';
import { AggregatorRegistry, type Registry } from 'prom-client';
import { WatchwordError } from '../errors.js';

const QUESTION = 'watchword:metrics?';
const ANSWER = 'watchword:metrics';

interface Message {
  readonly type: string;
  readonly id: number;
  readonly text?: string | undefined;
}

/** In the process that started the others: answers those of them that are asked. */
export function answerMetrics(): void {
  const registry = new AggregatorRegistry();
  cluster.on('message', (worker: Worker, { type, id }: Message) => {
    if (type !== QUESTION) return;
    registry.clusterMetrics().then(
      (text) => worker.send({ type: ANSWER, id, text } satisfies Message),
      () => worker.send({ type: ANSWER, id } satisfies Message),
    );
  });
}

// Made for its listener. One that is starting answers that it has no figures yet: the others do not wait.
if (cluster.isWorker) new AggregatorRegistry();

/** In one of the others: how to ask for the figures of all, its own registry included. */
export function metricsOfAll(own: Registry): () => Promise<string> {
  AggregatorRegistry.setRegistries(own);
  const waiting = new Map<number, (text: string | undefined) => void>();
  process.on('message', ({ type, id, text }: Message) => {
    if (type !== ANSWER) return;
    waiting.get(id)?.(text);
    waiting.delete(id);
  });
  let asked = 0;
  return async () => {
    const id = (asked += 1);
    const text = await new Promise<string | undefined>((resolve) => {
      waiting.set(id, resolve);
      process.send?.({ type: QUESTION, id } satisfies Message);
    });
    // One of them did not answer in time: a sum without it would look like a fall.
    if (text === undefined) throw new WatchwordError('overloaded');
    return text;
  };
}

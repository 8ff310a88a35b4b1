/**
 * Ends a run in which nothing ends any more, and names what is under way: Jest's own time limits are timers,
 * and a loop that never lets go of its thread outlives them.
 */
const { execFileSync } = require('node:child_process');
const { clearTimeout, setTimeout } = require('node:timers');

/** Longer than the longest file takes on a slow machine. */
const PATIENCE_MS = 600_000;

module.exports = class StallReporter {
  underWay = new Set();

  onRunStart() {
    this.listen();
  }

  onTestFileStart({ path, context }) {
    this.underWay.add(nameOf(context, path));
    this.listen();
  }

  onTestFileResult({ path, context }) {
    this.underWay.delete(nameOf(context, path));
    this.listen();
  }

  listen() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.giveUp(), PATIENCE_MS).unref();
  }

  giveUp() {
    const files = [...this.underWay].join(', ') || 'no file';
    console.error(`Nothing has ended for ${PATIENCE_MS / 60_000} minutes. Under way: ${files}.`);
    for (const worker of workers()) process.kill(worker, 'SIGKILL');
    process.exit(1);
  }
};

const nameOf = ({ config }, path) => `${config.displayName.name} ${path}`;

function workers() {
  const list = execFileSync('ps', ['-o', 'pid=,args=', '--ppid', String(process.pid)]).toString();
  const lines = list.split('\n').filter((line) => line.includes('processChild'));
  return lines.map((line) => Number.parseInt(line, 10));
}

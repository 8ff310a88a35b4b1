/**
 * Fails on a known vulnerability, high or critical, in what the service runs on. Not every registry
 * answers audits, and its silence says nothing about the packages: that is told and passed over.
 */
import { spawnSync } from 'node:child_process';

const { stdout } = spawnSync('npm', ['audit', '--omit=dev', '--json'], { encoding: 'utf8' });

function answer() {
  try {
    return JSON.parse(stdout);
  } catch {
    return {};
  }
}

const { metadata, vulnerabilities = {} } = answer();
if (metadata?.vulnerabilities === undefined) {
  console.warn('audit: the registry gave no answer, so nothing was checked');
} else {
  const serious = Object.values(vulnerabilities).filter(({ severity }) =>
    ['high', 'critical'].includes(severity),
  );
  for (const { name, severity, range } of serious) console.error(`${name} ${range}: ${severity}`);
  console.log(`audit: ${serious.length} packages with high or critical vulnerabilities`);
  if (serious.length > 0) process.exitCode = 1;
}

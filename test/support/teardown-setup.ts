export default async function stopSuitePostgres(): Promise<void> {
  await globalThis.suitePostgres?.stop();
}

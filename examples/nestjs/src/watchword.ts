/** What the client is injected by: `@Inject(WATCHWORD) watchword: Client`. */
export const WATCHWORD = Symbol('watchword');

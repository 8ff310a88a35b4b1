import type { INestApplicationContext } from '@nestjs/common';
import { ApplicationsService } from '../applications/applications.service.js';
import { OperatorError } from '../errors.js';

/** Names and ids. */
export async function realmsOf(context: INestApplicationContext): Promise<[string, string][]> {
  const applications = await context.get(ApplicationsService).list();
  return [...new Map(applications.map(({ realmName, realmId }) => [realmName, realmId]))];
}

/** The realm of that name, or the only one. */
export async function realmIdOf(
  context: INestApplicationContext,
  name: string | undefined,
): Promise<string> {
  const realms = new Map(await realmsOf(context));
  const known = `The realms are: ${[...realms.keys()].join(', ') || 'none'}.`;
  if (name === undefined) {
    const [only, ...others] = realms.values();
    if (only !== undefined && others.length === 0) return only;
    throw new OperatorError(`Name one realm with --realm. ${known}`);
  }
  const id = realms.get(name);
  if (id === undefined) throw new OperatorError(`There is no realm "${name}". ${known}`);
  return id;
}

import { randomBytes } from 'node:crypto';
import { type Command, Option } from 'commander';
import { type CommandContext, perform } from '../command-context.ts';
import { answerOf, type Schemas } from '../door/api.ts';
import type { Door } from '../door/door.ts';
import { readStandardInput } from './standard-input.ts';

type Role = Schemas['Role'];

const ROLES: readonly Role[] = ['Viewer', 'Operator', 'Editor', 'Admin'];

/** 20 random bytes: no one guesses it, and it can still be typed. */
const PASSWORD_BYTES = 20;

export function register(program: Command): void {
  const users = program.command('users').description('accounts of the web server');
  users.command('list').description('every account').action(perform(list));
  users
    .command('create <name>')
    .description('add an account; its password is printed once')
    .addOption(new Option('--role <role>', 'what it may do').choices(ROLES).default('Viewer'))
    .option('--password-stdin', 'read the password from standard input instead')
    .action(perform(create));
  users
    .command('reset-password <name>')
    .description('give an account another password, printed once, and end its sessions')
    .option('--password-stdin', 'read the password from standard input instead')
    .action(perform(resetPassword));
  users
    .command('set-role <name>')
    .description('change what an account may do')
    .addOption(new Option('--role <role>', 'the role').choices(ROLES).makeOptionMandatory())
    .action(perform(setRole));
  users
    .command('disable <name>')
    .description('let an account log in no more')
    .action(perform(setDisabled(true)));
  users
    .command('enable <name>')
    .description('let it log in again')
    .action(perform(setDisabled(false)));
}

async function list(context: CommandContext): Promise<undefined> {
  const { api } = await context.door();
  const { items } = await answerOf(api.GET('/users'));
  const users = items.map(({ disabledAt, ...user }) => ({ ...user, isDisabled: disabledAt !== null }));
  context.out.table(
    users,
    [
      { title: 'name', value: (user) => user.name },
      { title: 'role', value: (user) => user.role },
      { title: 'since', value: (user) => user.createdAt },
      { title: '', value: (user) => (user.isDisabled ? 'disabled' : '') },
    ],
    'There are no accounts: the first start of the web server makes "admin".',
  );
  return undefined;
}

interface PasswordOptions {
  readonly passwordStdin?: boolean;
}

async function create(
  context: CommandContext,
  name: string,
  options: PasswordOptions & { role: Role },
): Promise<undefined> {
  const { password, shown } = await newPassword(options);
  const { role } = options;
  const { api } = await context.door();
  await answerOf(api.POST('/users', { body: { name, password, role } }));
  context.out.result({ name, role, ...shown }, () =>
    [`${name} (${role}) is added.`, ...inWords(shown)].join(' '),
  );
  return undefined;
}

async function resetPassword(
  context: CommandContext,
  name: string,
  options: PasswordOptions,
): Promise<undefined> {
  const { password, shown } = await newPassword(options);
  await changeUser(await context.door(), name, { password });
  context.out.result({ name, ...shown }, () =>
    [`${name} has another password.`, ...inWords(shown)].join(' '),
  );
  return undefined;
}

async function setRole(context: CommandContext, name: string, { role }: { role: Role }): Promise<undefined> {
  await changeUser(await context.door(), name, { role });
  context.out.result({ name, role }, () => `${name} is ${role}.`);
  return undefined;
}

function setDisabled(isDisabled: boolean) {
  return async (context: CommandContext, name: string): Promise<undefined> => {
    await changeUser(await context.door(), name, { isDisabled });
    context.out.result(
      { name, isDisabled },
      () => `${name} ${isDisabled ? 'may log in no more' : 'may log in again'}.`,
    );
    return undefined;
  };
}

async function changeUser({ api }: Door, name: string, body: Schemas['UserPatch']): Promise<void> {
  await answerOf(api.PATCH('/users/{name}', { params: { path: { name } }, body }));
}

/** Given by a pipe, or made here and shown once. Never on the command line, where every process of the machine could read it. */
async function newPassword(
  options: PasswordOptions,
): Promise<{ password: string; shown: { password?: string } }> {
  if (options.passwordStdin === true) {
    return { password: (await readStandardInput()).replace(/\r?\n$/, ''), shown: {} };
  }
  const password = randomBytes(PASSWORD_BYTES).toString('base64url');
  return { password, shown: { password } };
}

function inWords({ password }: { password?: string }): string[] {
  return password === undefined ? [] : [`The password is ${password} (shown only this once).`];
}

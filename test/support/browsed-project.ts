import { readFile } from 'node:fs/promises';
import { stripVTControlCharacters } from 'node:util';
import { TestBrowser } from './browser.ts';
import { freePort } from './free-port.ts';
import { InstalledProject, until } from './installed-project.ts';

/** `tsflow standalone` in a project of its own, and a browser in which its first user has signed in. */
export class BrowsedProject implements AsyncDisposable {
  readonly project: InstalledProject;
  readonly chrome: TestBrowser;
  readonly url: string;
  readonly password: string;

  private constructor(project: InstalledProject, chrome: TestBrowser, url: string, password: string) {
    this.project = project;
    this.chrome = chrome;
    this.url = url;
    this.password = password;
  }

  static async start(files: Readonly<Record<string, string>>): Promise<BrowsedProject> {
    const project = new InstalledProject(files);
    const port = await freePort();
    const url = `http://127.0.0.1:${port}`;
    const output = project.startLogged('standalone', '--port', String(port));
    const [chrome, password] = await Promise.all([
      TestBrowser.launch(),
      found('the password is printed', async () => {
        const text = await readFile(output, 'utf8').catch(() => '');
        return /with the password (\S+) \(/.exec(stripVTControlCharacters(text))?.[1];
      }),
    ]);
    await chrome.logIn(url, 'admin', password);
    return new BrowsedProject(project, chrome, url, password);
  }

  /** The newest run of a DAG once it is as asked; a DAG is triggered from the command line. */
  async runOf(dagId: string, state: string): Promise<{ readonly runId: string; readonly key: number }> {
    const store = await this.project.store();
    return found(`a run of ${dagId} is ${state}`, async () => {
      const row = await store.db
        .selectFrom('dagRun')
        .select(['runId', 'key', 'state'])
        .where('dagId', '=', dagId)
        .orderBy('key', 'desc')
        .executeTakeFirst();
      return row?.state === state ? row : undefined;
    });
  }

  /** Waits until a task of the DAG's newest run is in a state. */
  async task(dagId: string, taskId: string, state: string): Promise<void> {
    const store = await this.project.store();
    await until(`${dagId}.${taskId} is ${state}`, async () => {
      const row = await store.db
        .selectFrom('taskInstance')
        .innerJoin('dagRun', 'dagRun.key', 'taskInstance.runKey')
        .select('taskInstance.state')
        .where('dagRun.dagId', '=', dagId)
        .where('taskInstance.taskId', '=', taskId)
        .orderBy('dagRun.key', 'desc')
        .executeTakeFirst();
      return row?.state === state;
    });
  }

  async open(path: string): Promise<void> {
    await this.chrome.page.goto(this.url + path);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.chrome[Symbol.asyncDispose]();
    await this.project[Symbol.asyncDispose]();
  }
}

/** Asks until there is an answer. */
export async function found<T>(what: string, ask: () => Promise<T | undefined>): Promise<T> {
  let answer: T | undefined;
  await until(what, async () => {
    answer = await ask();
    return answer !== undefined;
  });
  return answer!;
}

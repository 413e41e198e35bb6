// A scheduler reduced to its executor, as a process that can be killed: `node supervisor-process.mjs <home> <workload JSON> …`.
// Prints one JSON line per report; accepts no outcome, so that whoever comes next has to find it.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { LocalExecutor } from '@tsflow/scheduler/executors';
import { TaskApiServer, taskApiSocketPath } from '@tsflow/scheduler/task-api';

const [home, ...workloads] = process.argv.slice(2);
const rowsPath = join(home, 'runner-rows.json');
const rows = new Map();
const say = (kind) => (report) => process.stdout.write(`${JSON.stringify({ kind, report })}\n`);

const server = new TaskApiServer({ socketPath: taskApiSocketPath(home) });
await server.start();
const executor = new LocalExecutor({
  home,
  schedulerId: 'supervisor-process',
  server,
  events: {
    started: say('started'),
    named: say('named'),
    outcome: say('outcome'),
    gone: say('gone'),
    group: (attemptId, _grantNumber, processGroup) => say('group')({ attemptId, processGroup }),
    ask: async () => null,
  },
  runners: {
    async started(row) {
      rows.set(row.runnerId, row);
      writeFileSync(rowsPath, JSON.stringify([...rows.values()]));
    },
    async ended(runnerId) {
      rows.delete(runnerId);
      writeFileSync(rowsPath, JSON.stringify([...rows.values()]));
    },
    open: async () => [],
  },
  versions: {
    files: async () => [
      { path: 'dag.bundle.mjs', content: readFileSync(join(home, 'dag.bundle.mjs'), 'utf8') },
    ],
  },
  nodeModules: process.env.TEST_NODE_MODULES,
  warmRunners: 0,
});
await executor.start();
executor.submit(workloads.map((text) => JSON.parse(text)));

import { spawn } from 'node:child_process';
import { task } from '@tsflow/core';
import { EXAMPLES_API, EXAMPLES_MAIL } from './example.ts';
import { exampleFile } from './examples-home.ts';

/**
 * A task that starts the services of the examples, unless they answer already: an HTTP API and a mail server, on the ports of their
 * connections. They end by themselves when nobody has asked them anything for a minute. What they were handed lies in
 * `TSFLOW_HOME/examples/outbox.jsonl`.
 */
export function startServices() {
  return task('start_services', async ({ connections, log, sleep }) => {
    const [api, mail] = await Promise.all([connections.get(EXAMPLES_API), connections.get(EXAMPLES_MAIL)]);
    const health = `http://${api.host}:${api.port}/health`;
    const answers = () =>
      fetch(health).then(
        ({ ok }) => ok,
        () => false,
      );
    if (await answers()) return log.info('The services answer already.');
    const ports = [String(api.port), String(mail.port), exampleFile('outbox.jsonl')];
    spawn(process.execPath, ['-e', SERVICES, ...ports], { detached: true, stdio: 'ignore', env: {} }).unref();
    while (!(await answers())) await sleep('50ms');
    log.info(`The services answer on the ports ${api.port} and ${mail.port}.`);
  });
}

const SERVICES = `
const { appendFileSync } = require('node:fs');
const { createServer } = require('node:http');
const net = require('node:net');
const { createInterface } = require('node:readline');
const [api, mail, outbox] = process.argv.slice(1);
const keep = (what) => appendFileSync(outbox, JSON.stringify(what) + '\\n');
let idle = setTimeout(() => process.exit(), 60_000);

const jobs = new Map();
createServer((request, response) => {
  idle.refresh();
  const { method, url } = request;
  const answer = (status, body) => response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  let body = '';
  request.on('data', (chunk) => { body += chunk; });
  request.on('end', () => {
    const [, what, id] = new URL(url, 'http://x').pathname.split('/');
    if (what === 'health') return answer(200, { ok: true });
    if (what === 'rates') return answer(200, { day: id, rates: { EUR: 1, JPY: 160 + Number(id.slice(-2)) / 10, USD: 1.1 } });
    if (what === 'hooks') { keep({ hook: JSON.parse(body) }); return answer(200, 'ok'); }
    if (what !== 'jobs') return answer(404, { error: 'no such thing' });
    if (method === 'PUT') {
      if (jobs.has(id)) return answer(409, { error: 'the job exists' });
      jobs.set(id, { state: 'running', polls: 0, ...JSON.parse(body) });
      return answer(201, {});
    }
    const job = jobs.get(id);
    if (job === undefined) return answer(404, { error: 'no such job' });
    if (method === 'DELETE') job.state = 'cancelled';
    else if (job.state === 'running' && ++job.polls > 2) { job.state = 'done'; job.words = job.text.split(/\\\\s+/).length; }
    answer(200, job);
  });
}).listen(Number(api), '127.0.0.1');

net.createServer(async (socket) => {
  socket.on('error', () => undefined);
  const say = (line) => socket.write(line + '\\r\\n');
  let to = [];
  let source = null;
  say('220 examples');
  for await (const line of createInterface({ input: socket, crlfDelay: Infinity })) {
    idle.refresh();
    if (source !== null && line !== '.') source.push(line);
    else if (source !== null) { keep({ mail: { to, source: source.join('\\n') } }); source = null; say('250 taken'); }
    else if (/^MAIL/i.test(line)) { to = []; say('250 ok'); }
    else if (/^RCPT/i.test(line)) { to.push(/<(.*)>/.exec(line)[1]); say('250 ok'); }
    else if (/^DATA/i.test(line)) { source = []; say('354 go on'); }
    else if (/^QUIT/i.test(line)) socket.end('221 bye\\r\\n');
    else say('250 ok');
  }
}).listen(Number(mail), '127.0.0.1');
`;

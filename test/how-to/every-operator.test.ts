import { readdirSync, readFileSync } from 'node:fs';
import * as core from '@tsflow/core';
import * as testing from '@tsflow/testing';
import { expect, test } from 'vitest';

const dags = new URL('../../dags/', import.meta.url).pathname;
const examples = readdirSync(dags, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts'))
  .map((name) => readFileSync(dags + name, 'utf8'))
  .join('\n');

/** Each operator, sensor and notifier has an example that runs and a fake of what it asks; its hover text is held by `hover-text.test.ts`. */
// biome-ignore format: a table
test.each<[keyof typeof core, RegExp, keyof typeof testing]>([
  // name                    how the example writes it             what stands behind it in a test
  ['BashOperator',           /new BashOperator\(|BashOperator\.partial\(/, 'fakeCommands'],
  ['EmptyOperator',          /new EmptyOperator\(/,                'returns'],
  ['task',                   /\btask\(/,                           'returns'],
  ['branch',                 /\bbranch\(/,                         'returns'],
  ['shortCircuit',           /\bshortCircuit\(/,                   'returns'],
  ['LatestOnlyOperator',     /new LatestOnlyOperator\(/,           'ManualClock'],
  ['TriggerDagRunOperator',  /new TriggerDagRunOperator\(/,        'startDags'],
  ['EnsureDagRunOperator',   /new EnsureDagRunOperator\(/,         'startDags'],
  ['HttpOperator',           /new HttpOperator[<(]/,               'fakeHttp'],
  ['SqlOperator',            /new SqlOperator\(/,                  'fakeDatabase'],
  ['SqlCheckOperator',       /new SqlCheckOperator\(/,             'fakeDatabase'],
  ['EmailOperator',          /new EmailOperator\(/,                'fakeMail'],
  ['SlackOperator',          /new SlackOperator\(/,                'fakeHttp'],
  ['DurableOperator',        /extends DurableOperator</,           'fakeHttp'],
  ['Trigger',                /extends Trigger</,                   'returns'],
  ['TimeSensor',             /new TimeSensor\(/,                   'ManualClock'],
  ['WaitUntil',              /new WaitUntil\(/,                    'ManualClock'],
  ['DeltaSensor',            /new DeltaSensor\(/,                  'ManualClock'],
  ['ExternalTaskSensor',     /new ExternalTaskSensor\(/,           'startDags'],
  ['ExternalRunSensor',      /new ExternalRunSensor\(/,            'startDags'],
  ['FileSensor',             /new FileSensor\(/,                   'returns'],
  ['HttpSensor',             /new HttpSensor[<(]/,                 'fakeHttp'],
  ['SqlSensor',              /new SqlSensor[<(]/,                  'fakeDatabase'],
  ['AssetSensor',            /new AssetSensor\(/,                  'startDags'],
  ['slack',                  /\bslack\(/,                          'fakeHttp'],
  ['webhook',                /\bwebhook\(/,                        'fakeHttp'],
  ['email',                  /\bemail\(/,                          'fakeMail'],
])('%s', (name, example, fake) => {
  expect(Object.keys(core)).toContain(name);
  expect(examples).toMatch(example);
  expect(Object.keys(testing)).toContain(fake);
});

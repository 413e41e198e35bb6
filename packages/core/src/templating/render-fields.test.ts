import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import type { TaskContext } from '../dag/context.ts';
import { include } from '../dag/file-template.ts';
import { Operator } from '../dag/operator.ts';
import type { OperatorOptions } from '../dag/operator-options.ts';
import { taskOutput } from '../dag/task-output.ts';
import { Variable } from '../dag/variable.ts';
import { renderFields } from './render-fields.ts';

const directory = mkdtempSync(join(tmpdir(), 'tsflow-templates-'));
afterAll(() => rmSync(directory, { recursive: true }));

class Probe extends Operator<unknown, object, OperatorOptions & { readonly [field: string]: unknown }> {
  static override readonly fields = {
    a: 'template',
    env: 'template',
    data: 'input',
    sqlFile: 'file',
  } as const;
  execute() {
    return null;
  }
}

const context = {
  dagId: 'd',
  runId: 'manual__x',
  runType: 'manual',
  taskId: 't',
  mapPath: '',
  mapIndex: -1,
  tryNumber: 2,
  logicalDate: new Date('2026-01-31T18:00:00Z'),
  dataInterval: { start: new Date('2026-01-30T18:00:00Z'), end: new Date('2026-01-31T18:00:00Z') },
  ds: '2026-02-01',
  ts: '2026-01-31T18:00:00.000Z',
  timezone: 'Asia/Tokyo',
  params: { mode: 'all', n: 3, nested: { list: [1, 2] }, nothing: null },
  conf: { evil: '{{ ds }}', __proto__: null },
  dagDirectory: directory,
  xcom: { pull: async () => ['row'] },
  variables: { get: async () => 7 },
} as unknown as TaskContext;

const render = async (a: unknown) => (await renderFields(new Probe({ taskId: 't', a }), context)).values.a;

test.each([
  ['plain', 'plain'],
  ['{{ ds }}/{{ tryNumber }}', '2026-02-01/2'],
  ['{{ dataIntervalStart }}', '2026-01-30T18:00:00.000Z'],
  ["{{ dataIntervalStart | format('yyyy/MM/dd HH:mm') }}", '2026/01/31 03:00'],
  ["{{ logicalDate | format('HH:mm', 'UTC') }}", '18:00'],
  ['{{ ds | ds_add(-32) }}', '2025-12-31'],
  ['{{ ds | ds_nodash }} {{ ts | ts_nodash }}', '20260201 20260131T180000'],
  ['{{ macros.ds_add(ds, 28) }}', '2026-03-01'],
  ['{{ params.nested }}', '{"list":[1,2]}'],
  ['{{ params.nested.list | join("+") }}', '1+2'],
  ['{% for n in params.nested.list %}[{{ loop.index }}:{{ n }}]{% endfor %}', '[1:1][2:2]'],
  ['{{ params.absent | default("x") }}', 'x'],
  ['{% if params.absent %}yes{% else %}no{% endif %}', 'no'],
  ['{{ conf.evil }}', '{{ ds }}'],
  ['<b>&{{ "<" }}', '<b>&<'],
  ['{{ "it\'s" | shell_quote }}', "'it'\\''s'"],
  ['{{ params.mode.toUpperCase() }}', 'ALL'],
  ['{% set x = 3 %}{{ x + 1 }}', '4'],
  ['{% macro m(a) %}<{{ a }}>{% endmacro %}{{ m(ds) }}', '<2026-02-01>'],
])('%s renders as %s', async (template, expected) => {
  expect(await render(template)).toBe(expected);
});

test.each([
  ['{{ dss }}', /"dss" is undefined\. Did you mean "ds"\?/],
  ['{{ data_interval_start }}', /Did you mean "dataIntervalStart"\?/],
  ['{{ params.mod }}', /"params\.mod" is undefined/],
  ['a\n\n{{ params.mod }}', /line 3/],
  ['{{ params.mod.x }}', /"params\.mod" is undefined/],
  ['{{ nope | upper }}', /"nope" is undefined/],
  ['{% for x in nope %}{% endfor %}', /"nope" is undefined/],
  ['{{ params.nothing }}', /null/],
  ['{{ ds | nods }}', /no filter "nods"/],
  ['{{ ds | ds_add("x") }}', /whole days/],
  ['{{ ds', /./],
])('%s is refused', async (template, message) => {
  await expect(render(template)).rejects.toMatchObject({ code: 'template', field: 'a' });
  await expect(render(template)).rejects.toThrow(message);
});

test.each([
  '{{ ds.constructor.constructor("return process")() }}',
  '{{ params.constructor }}',
  '{{ constructor.constructor("return 1")() }}',
  '{{ params["__proto__"].x }}',
  '{{ range.constructor("return 1")() }}',
  '{{ macros.ds_add.constructor("return 1")() }}',
  '{{ [].map.constructor("return 1")() }}',
  '{{ cycler("a").next.constructor("return 1")() }}',
  '{{ logicalDate.__defineGetter__ }}',
  '{{ toString }}',
  '{{ hasOwnProperty }}',
])('%s reaches no prototype', async (template) => {
  await expect(render(template)).rejects.toThrow(/undefined|Unable to call/);
});

test('nunjucks stays as it is for the code of others', async () => {
  await render('{{ ds }}');
  const { default: nunjucks } = await import('nunjucks');
  expect(nunjucks.renderString('{{ a.constructor(7) }}{{ absent }}', { a: 'x' })).toBe('7');
});

test('references, functions and nested values are resolved, once', async () => {
  const { values, rendered } = await renderFields(
    new Probe({
      taskId: 't',
      a: [taskOutput({ taskId: 'up' }), { deep: Variable.number('v', { default: 1 }) }, () => '{{ ds }}'],
      env: { DAY: '{{ ds }}', PASSWORD: 'hunter22' },
      data: { text: '{{ ds }}', rows: taskOutput({ taskId: 'up' }) },
    }),
    context,
    (text) => text.replaceAll('row', '***'),
  );
  expect(values).toEqual({
    a: [['row'], { deep: 7 }, '{{ ds }}'],
    env: { DAY: '2026-02-01', PASSWORD: 'hunter22' },
    data: { text: '{{ ds }}', rows: ['row'] },
  });
  expect(rendered).toEqual({
    a: [['***'], { deep: 7 }, '{{ ds }}'],
    env: { DAY: '2026-02-01', PASSWORD: '***' },
  });
});

test('an operator without anything to render costs nothing', async () => {
  const operator = new Probe({ taskId: 't', data: { n: 1 } });
  const first = await renderFields(operator, context);
  expect(first).toEqual({ values: { data: { n: 1 } }, rendered: null });
  expect((await renderFields(operator, context)).values).toBe(first.values);
});

test('files include others, relative to themselves or to the DAG file, and errors name the file', async () => {
  writeFileSync(join(directory, 'q.sql'), 'select {% include "./part.sql" %} from {{ params.mode }}');
  writeFileSync(join(directory, 'part.sql'), '{{ ds }}, {{ ds.constructor }}');
  const operator = new Probe({ taskId: 't', sqlFile: include(join(directory, 'q.sql')) });
  await expect(renderFields(operator, context)).rejects.toThrow(
    /sqlFile \(q\.sql.*constructor" is undefined/s,
  );
  writeFileSync(join(directory, 'r.sql'), 'select {% include "./day.sql" %}');
  writeFileSync(join(directory, 'day.sql'), '{{ ds }}');
  const good = new Probe({ taskId: 't', sqlFile: include(join(directory, 'r.sql')) });
  expect((await renderFields(good, context)).rendered).toEqual({ sqlFile: 'select 2026-02-01' });
});

test('a long text is masked before it is cut', async () => {
  const secret = 'topsecret';
  const text = `${'x'.repeat(65_532)}${secret}${'y'.repeat(100)}`;
  const { rendered } = await renderFields(new Probe({ taskId: 't', a: text }), context, (t) =>
    t.replaceAll(secret, '***'),
  );
  expect(rendered!.a).not.toContain('tops');
});

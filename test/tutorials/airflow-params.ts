import { branch, DAG, expand } from '@tsflow/core';
import { z } from 'zod';

/** Airflow's form for a trigger: whom to greet and in which languages. A branch chooses several ways at once, each of them mapped over the names. */
export default new DAG(
  {
    dagId: 'example_params_trigger_ui',
    description: 'Params that model a form',
    startDate: '2022-03-04',
    tags: ['example', 'params'],
    params: z.object({
      names: z.array(z.string()).default(['Linda', 'Martha', 'Thomas']).meta({ title: 'Names to greet' }),
      english: z.boolean().default(true).meta({ title: 'English' }),
      german: z.boolean().default(true).meta({ title: 'German (formal)' }),
      french: z.boolean().default(true).meta({ title: 'French' }),
    }),
  },
  ({ task, params }) => {
    const names = task('get_names', (_context, given) => given.names, {
      names: params.names,
    });
    const greet = (language: string, greeting: (name: string) => string) =>
      task(`generate_${language}_greeting`, (_context, { name }) => greeting(name), {
        name: expand(names.output),
      });
    const ways = {
      english: greet('english', (name) => `Hello ${name}!`),
      german: greet('german', (name) => `Sehr geehrter Herr/Frau ${name}.`),
      french: greet('french', (name) => `Bonjour ${name}!`),
    };
    const { english, german, french } = params;
    const languages = Object.keys(ways) as (keyof typeof ways)[];
    branch('select_languages', (_context, wanted) => languages.filter((one) => wanted[one]), ways, {
      english,
      german,
      french,
    });
    task(
      'print_greetings',
      ({ log }, greetings) => {
        const all = Object.values(greetings).flatMap((list) => list ?? []);
        for (const greeting of all.length === 0 ? ['sad, nobody to greet :-('] : all) log.info(greeting);
      },
      { english: ways.english.output, german: ways.german.output, french: ways.french.output },
      { triggerRule: 'all_done' },
    );
  },
);

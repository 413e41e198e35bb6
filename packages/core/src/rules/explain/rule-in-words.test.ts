import { expect, it } from 'vitest';
import { TRIGGER_RULES } from '../../state/index.ts';
import { ruleInWords } from './rule-in-words.ts';

it.each(TRIGGER_RULES)('%s is said in a sentence, with its name behind it', (rule) =>
  expect(ruleInWords(rule)).toMatch(new RegExp(`^It (runs|waits) .+ \\(${rule}\\)\\.$`)),
);

it('says every rule in other words', () => {
  const sentences = TRIGGER_RULES.map((rule) => ruleInWords(rule).split(' (')[0]);
  expect(new Set(sentences).size).toBe(TRIGGER_RULES.length);
});

/**
 * Answers one after the other, the last one from then on: `inTurn(503, 503, { rows: 3 })`. For whatever a fake may be told to answer.
 */
export function inTurn<const Answers extends readonly [unknown, ...unknown[]]>(
  ...answers: Answers
): () => Answers[number] {
  let next = 0;
  return () => answers[Math.min(next++, answers.length - 1)];
}

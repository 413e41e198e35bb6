import { z } from 'zod';

export const User = z.object({ name: z.string(), email: z.string(), amount: z.number() });

/** The text of the mail: a template whose holes have types. */
export const reminder = ({ name, amount }: z.infer<typeof User>): string => `Dear ${name},

${amount} EUR are still open.

Yours, the examples
`;

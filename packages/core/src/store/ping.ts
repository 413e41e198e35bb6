/**
 * What another process says to a scheduler on its task API socket: one line of JSON. The command line, the web server and the dag
 * processor ping it so that it looks at the database now instead of at its next poll (1 s); nothing is carried but the hint.
 */
export type PingMessage =
  | { readonly verb: 'ping'; readonly reason: 'variables' | 'versions' | 'intents' }
  /** Also a ping; answered with `intent_decided` once the intent is applied or refused. */
  | { readonly verb: 'await_intent'; readonly intentId: number };

export type PingReply =
  | { readonly verb: 'pong' }
  | { readonly verb: 'intent_decided'; readonly intentId: number };

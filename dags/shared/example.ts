/** What all examples have in common: they wait until somebody starts them. */
export const example = { pausedUponCreation: true, owner: 'examples' } as const;

/** Tables and files of the examples: a SQLite file, which `npm start` gives them as this connection. */
export const EXAMPLES_DB = 'examples_db';
/** An HTTP API on this machine that the examples start when they need it. */
export const EXAMPLES_API = 'examples_api';
/** A mail server on this machine that the examples start when they need it. */
export const EXAMPLES_MAIL = 'examples_mail';
/** Tells a channel: its password is the address of the webhook. */
export const EXAMPLES_SLACK = 'examples_slack';
/** Where anything may be posted to. */
export const EXAMPLES_HOOK = 'examples_hook';

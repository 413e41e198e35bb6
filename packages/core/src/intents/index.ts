export type * from './intent.ts';

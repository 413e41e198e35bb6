export type { EventData, EventType } from './event.ts';

export type { PingMessage, PingReply } from './ping.ts';
export type {
  CatalogPort,
  Channel,
  DagWork,
  IntentPort,
  LeasePort,
  ParsedDag,
  ParsedFile,
  ParsePass,
  RunnerPort,
  Store,
  TurnPort,
  VariablePort,
} from './store.ts';
export type * from './tables.ts';
export type * from './turn.ts';

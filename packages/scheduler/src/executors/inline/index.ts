export { InlineExecutor, type InlineExecutorOptions } from './inline-executor.ts';

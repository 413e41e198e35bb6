export { findDag, findTask, type LoadedBundle, type LoadOptions, loadBundle } from './load-bundle.ts';
export { type DescribeLoadErrorOptions, describeLoadError, type LoadProblem } from './load-problem.ts';

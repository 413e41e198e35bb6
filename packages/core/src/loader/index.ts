export { findDag, findTask, type LoadedBundle, type LoadOptions, loadBundle } from './load-bundle.ts';

export { type CloudError, classifyError, type ErrorClass } from './errors/classify.ts';

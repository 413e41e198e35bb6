export { API_ROOT } from '../web-services.ts';
export { type ApiServicesOptions, composeApiServices } from './api-services.ts';
export { inProcessApi } from './in-process-api.ts';

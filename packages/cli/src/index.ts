export { EXIT_CODES, type ExitCode } from './exit-code.ts';
export { main } from './program.ts';

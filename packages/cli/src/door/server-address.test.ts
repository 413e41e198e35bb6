import { describe, expect, it } from 'vitest';
import { serverAddress } from './server-address.ts';

const read = (text: string, allowHttp = false) => serverAddress(text, { name: '--server', allowHttp });

describe('the address of a server', () => {
  it.each([
    ['https://flow.example.com', 'https://flow.example.com'],
    ['https://flow.example.com/', 'https://flow.example.com'],
    ['https://flow.example.com:8443/tsflow/', 'https://flow.example.com:8443/tsflow'],
    // Copied out of the documentation of the API.
    ['https://flow.example.com/tsflow/api/v1/', 'https://flow.example.com/tsflow'],
    ['HTTPS://Flow.Example.com', 'https://flow.example.com'],
    ['http://127.0.0.1:8080', 'http://127.0.0.1:8080'],
    ['http://localhost:8080', 'http://localhost:8080'],
    ['http://[::1]:8080', 'http://[::1]:8080'],
  ])('%s is %s', (text, address) => {
    expect(read(text)).toBe(address);
  });

  it.each([
    ['flow.example.com', 'expected an address such as'],
    ['localhost:8080', 'expected an address such as'],
    ['ftp://flow.example.com', 'expected an address such as'],
    ['https://ann:secret@flow.example.com', 'has no password in it'],
    ['https://flow.example.com/?token=x', 'without "?token=x"'],
    ['http://flow.example.com', 'in the clear'],
    // Names that only begin like this machine.
    ['http://127.0.0.1.example.com', 'in the clear'],
    ['http://localhost.example.com', 'in the clear'],
    ['http://10.0.0.1:8080', 'in the clear'],
  ])('%s is refused: %s', (text, why) => {
    expect(() => read(text)).toThrow(why);
  });

  it('never repeats a password', () => {
    expect(() => read('https://ann:secret@flow.example.com')).not.toThrow('secret');
  });

  it('takes plain http when somebody says that nobody listens', () => {
    expect(read('http://10.0.0.1:8080', true)).toBe('http://10.0.0.1:8080');
  });
});

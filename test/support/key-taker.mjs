// A process that writes: takes `count` keys one by one, then ends with 0. For tests of several writers.
import { openStore } from '@tsflow/core/store';

const [url, count] = process.argv.slice(2);
const store = await openStore(url);
for (let i = 0; i < Number(count); i++) await store.reserveKeys(1);
await store.close();

import { Session } from 'node:inspector/promises';

/**
 * Plain objects of this process that have all of these members of their own, however they are held. Collects garbage first. For what is
 * no class: `queryObjects` of `node:v8` counts those.
 */
export async function plainObjectsWith(...members: readonly string[]): Promise<number> {
  const session = new Session();
  session.connect();
  try {
    const { result } = await session.post('Runtime.evaluate', { expression: 'Object.prototype' });
    const { objects } = await session.post('Runtime.queryObjects', { prototypeObjectId: result.objectId! });
    const counted = await session.post('Runtime.callFunctionOn', {
      objectId: objects.objectId!,
      functionDeclaration: `function (members) {
        const plain = (each) => Object.getPrototypeOf(each) === Object.prototype;
        return this.filter((each) => plain(each) && members.every((name) => Object.hasOwn(each, name))).length;
      }`,
      arguments: [{ value: members }],
      returnByValue: true,
    });
    return counted.result.value as number;
  } finally {
    session.disconnect();
  }
}

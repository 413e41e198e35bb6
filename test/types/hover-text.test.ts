import ts from 'typescript';
import { describe, expect, test } from 'vitest';

/** What people see when they hover: every public name says what it is for, and every option that it takes what it means. */

const root = new URL('../../', import.meta.url).pathname;
const ENTRIES = ['core', 'testing'].map(
  (name) => [`@tsflow/${name}`, `${root}packages/${name}/src/index.ts`] as const,
);

/** Names of files of this repository that are looked into. */
const isOurs = (file: string) => file.startsWith(`${root}packages/`);

const program = ts.createProgram(
  ENTRIES.map(([, file]) => file),
  {
    module: ts.ModuleKind.NodeNext,
    target: ts.ScriptTarget.ES2023,
    strict: true,
    noEmit: true,
    allowImportingTsExtensions: true,
    skipLibCheck: true,
    types: ['node'],
  },
);
const checker = program.getTypeChecker();

/** Members that are what their name says: of errors, of what the language knows, and the tag of a union. */
const SELF_EVIDENT = new Set([
  'kind',
  'constructor',
  'prototype',
  'name',
  'message',
  'stack',
  'cause',
  'toString',
]);

function hasText(symbol: ts.Symbol): boolean {
  return ts.displayPartsToString(symbol.getDocumentationComment(checker)).trim() !== '';
}

function declaredHere(symbol: ts.Symbol): ts.Declaration | undefined {
  return symbol.declarations?.find((one) => isOurs(one.getSourceFile().fileName));
}

function isInternal(symbol: ts.Symbol): boolean {
  const isPrivate = (one: ts.Declaration) =>
    (ts.getCombinedModifierFlags(one) & ts.ModifierFlags.Private) !== 0;
  return (
    symbol.name.startsWith('__') ||
    symbol.name.startsWith('#') ||
    (symbol.declarations ?? []).every(isPrivate) ||
    symbol.getJsDocTags(checker).some(({ name }) => name === 'internal')
  );
}

/** The names that a package gives, each once. */
function exportsOf(file: string): readonly ts.Symbol[] {
  const module = checker.getSymbolAtLocation(program.getSourceFile(file)!)!;
  return checker
    .getExportsOfModule(module)
    .map((symbol) => (symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol))
    .filter((symbol) => declaredHere(symbol) !== undefined);
}

/** What can be written after a name, or into its braces: properties of interfaces, classes and type literals. */
function membersOf(symbol: ts.Symbol): readonly ts.Symbol[] {
  const members: ts.Symbol[] = [];
  for (const declaration of symbol.declarations ?? []) {
    if (
      ts.isInterfaceDeclaration(declaration) ||
      ts.isClassDeclaration(declaration) ||
      ts.isTypeAliasDeclaration(declaration)
    )
      members.push(...checker.getDeclaredTypeOfSymbol(symbol).getProperties());
    else if (ts.isVariableDeclaration(declaration))
      members.push(...checker.getTypeOfSymbol(symbol).getProperties());
  }
  return [...new Set(members)].filter(
    (member) => declaredHere(member) !== undefined && !isInternal(member) && !SELF_EVIDENT.has(member.name),
  );
}

/** `DagOptions.tags`: where it is declared, however many names have it. */
function placeOf(symbol: ts.Symbol): string {
  const { parent } = declaredHere(symbol)!;
  const owner = ts.isTypeLiteralNode(parent) || ts.isObjectLiteralExpression(parent) ? parent.parent : parent;
  const name = 'name' in owner ? (owner.name as ts.Node | undefined)?.getText() : undefined;
  return `${name ?? parent.getSourceFile().fileName.slice(root.length)}.${symbol.name}`;
}

describe.each(ENTRIES)('%s', (_name, file) => {
  const names = exportsOf(file);

  test('every public name has a text', () => {
    expect(names.length).toBeGreaterThan(20);
    expect(names.filter((symbol) => !hasText(symbol)).map(({ name }) => name)).toEqual([]);
  });

  test('every member of a public name has a text', () => {
    const bare = names.flatMap(membersOf).filter((member) => !hasText(member));
    expect([...new Set(bare.map(placeOf))]).toEqual([]);
  });
});

import eslint from '@eslint/js';
import { defineConfig, globalIgnores } from 'eslint/config';
import typescript from 'typescript-eslint';

const nodeGlobals = Object.fromEntries(
  ['console', 'process', 'URL', 'Buffer', 'fetch', 'performance', 'setTimeout', 'setInterval'].map(
    (name) => [name, 'readonly'],
  ),
);
const browserGlobals = Object.fromEntries(
  [
    ...['document', 'window', 'location', 'history', 'navigator', 'AbortController', 'Event'],
    ...['atob', 'btoa', 'crypto', 'TextDecoder', 'TextEncoder'],
  ].map((name) => [name, 'readonly']),
);
const commonJsGlobals = { module: 'writable', require: 'readonly', __dirname: 'readonly' };

const clockMessage = 'Take the time from the injected Clock, so that tests and rules can move it.';
const wallClock = [
  "CallExpression[callee.object.name='Date'][callee.property.name='now']",
  "CallExpression[callee.name='Date']",
  "NewExpression[callee.name='Date'][arguments.length=0]",
].map((selector) => ({ selector, message: clockMessage }));
const monotonicClock = [
  "MemberExpression[object.name='performance']",
  "MemberExpression[object.name='process'][property.name='hrtime']",
].map((selector) => ({ selector, message: clockMessage }));

export default defineConfig(
  globalIgnores(['dist/', 'coverage/', 'data/', '.cache/', '**/*.gen.ts']),
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  {
    files: ['**/*.{js,cjs,mjs}'],
    extends: [eslint.configs.recommended],
    languageOptions: { globals: nodeGlobals },
  },
  {
    files: ['src/portal/scripts/*.js'],
    languageOptions: { sourceType: 'script', globals: browserGlobals },
  },
  { files: ['**/*.cjs'], languageOptions: { sourceType: 'commonjs', globals: commonJsGlobals } },
  {
    files: ['**/*.{ts,tsx}'],
    extends: [eslint.configs.recommended, typescript.configs.strictTypeChecked],
    languageOptions: {
      parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      // Nest's modules and Swagger's models are classes with a decorator and often nothing else.
      '@typescript-eslint/no-extraneous-class': ['error', { allowWithDecorator: true }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      // `() => cancel()` is the plain form of a callback whose result nobody uses.
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', ignoreRestSiblings: true },
      ],
      // Nest declares its options as classes, and literals are how they are written.
      '@typescript-eslint/no-unsafe-class-instance-assignment': 'off',
      // PostgreSQL's type numbers are more than the enum of the ones it is born with.
      '@typescript-eslint/no-unsafe-enum-assignment': 'off',
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      // What is imported for its type alone vanishes, unless decorator metadata needs the class.
      '@typescript-eslint/consistent-type-imports': [
        'error',
        { fixStyle: 'inline-type-imports', disallowTypeAnnotations: false },
      ],
    },
  },
  {
    files: ['src/**/*.{ts,tsx}'],
    // A rule that honest code cannot keep is changed here, for all to see, and not beside the code.
    linterOptions: { noInlineConfig: true },
    rules: { 'no-restricted-syntax': ['error', ...wallClock, ...monotonicClock] },
  },
  // Durations for the metrics are measured, not compared with stored times.
  {
    files: ['src/http/metrics*.ts'],
    rules: { 'no-restricted-syntax': ['error', ...wallClock] },
  },
  // What other services import has a clock of its own.
  {
    files: ['src/clock.ts', 'src/verify/wall-clock.ts'],
    rules: { 'no-restricted-syntax': 'off' },
  },
  // Without a pipe Nest's own decorators check nothing, not even a schema that they are given.
  {
    files: ['src/**/*.{ts,tsx}'],
    // A provider's report is read as it came: its signature is over the very bytes.
    ignores: ['src/delivery/callbacks.controller.ts'],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          name: '@nestjs/common',
          importNames: ['Body', 'Param', 'Query'],
          message: 'Take input by ValidBody, ValidParam, ValidId or ValidQuery of src/input.ts.',
        },
      ],
    },
  },
  // The examples' packages are installed where they are copied to; their test compiles them.
  { files: ['examples/**/*.ts'], extends: [typescript.configs.disableTypeChecked] },
  {
    files: ['test/**/*.ts', 'bench/**/*.ts'],
    rules: {
      // Jest's matchers and a response's JSON are `any`.
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/unbound-method': 'off',
    },
  },
);

import a11y from 'eslint-plugin-jsx-a11y';
import typescript from 'typescript-eslint';

export default typescript.config(
	{ ignores: ['node_modules/**', 'dist/**', 'bundle/**', 'src/schema.d.ts', 'build.mjs', 'eslint.config.mjs', 'src/theme.js'] },
	...typescript.configs.strictTypeChecked,
	{
		files: ['src/**/*.{ts,tsx}'],
		languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
		plugins: { 'jsx-a11y': a11y },
		rules: {
			...a11y.flatConfigs.strict.rules,
			'jsx-a11y/label-has-associated-control': ['error', { assert: 'either' }],
			// What scrolls must be reached by the keyboard.
			'jsx-a11y/no-noninteractive-tabindex': ['error', { tags: ['pre'], roles: ['region'] }],
			'no-restricted-properties': ['error', { property: 'innerHTML' }, { property: 'outerHTML' }, { object: 'document', property: 'write' }],
			'@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
			'@typescript-eslint/no-confusing-void-expression': 'off',
		},
	},
);

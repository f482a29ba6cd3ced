const tseslint = require("typescript-eslint");
const pulumi = require("@pulumi/eslint-plugin");

/** Imports point one way: hardware ← components ← stacks ← tools; policies read graphs, not programs; nothing imports tests. */
const layers = {
  hardware: ["components", "stacks", "tools", "policies", "tests", "bench"],
  components: ["stacks", "tools", "policies", "tests", "bench"],
  stacks: ["tools", "policies", "tests", "bench"],
  policies: ["components", "stacks", "tools", "tests", "bench"],
  tools: ["tests", "bench"],
};

const oneWay = Object.entries(layers).map(([folder, forbidden]) => ({
  files: [`${folder}/**/*.ts`],
  rules: {
    "no-restricted-imports": [
      "error",
      {
        patterns: [
          {
            regex: `^(\\.\\./)+(${forbidden.join("|")})(/|$)`,
            message: `${folder}/ may not import from there: hardware ← components ← stacks ← tools (ARCHITECTURE.md, The house).`,
          },
          ...(folder === "hardware"
            ? [
                {
                  regex: "^(@pulumi/|@kubernetes/|ssh2|@grpc/)",
                  message: "hardware/ is pure data and functions: no Pulumi, no clients.",
                },
              ]
            : []),
        ],
      },
    ],
  },
}));

module.exports = tseslint.config(
  { ignores: ["node_modules/**", ".turducken/**", "coverage/**"] },
  ...tseslint.configs.recommended,
  {
    files: ["**/*.ts"],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: __dirname } },
    plugins: { "@pulumi": pulumi },
    rules: {
      "@pulumi/no-output-in-template-literal": "error",
      "@pulumi/no-output-instance-in-template-literal": "error",
      "@typescript-eslint/no-floating-promises": "error",
      "@typescript-eslint/no-explicit-any": "error",
      "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_", varsIgnorePattern: "^_" }],
      "max-lines": ["warn", { max: 400, skipBlankLines: true, skipComments: true }],
    },
  },
  { files: ["**/*.js"], rules: { "@typescript-eslint/no-require-imports": "off" } },
  ...oneWay,
);

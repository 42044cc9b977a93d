import { didYouMean } from '../did-you-mean.ts'
import { moduleText } from '../module/docs.ts'
import { modules as all } from '../modules/index.ts'
import { EXIT } from './exit-code.ts'
import type { Terminal } from './terminal.ts'

/** `mhprov modules [NAME]`. */
export function modules(name: string | undefined, terminal: Terminal): number {
  if (name === undefined) {
    const width = Math.max(...[...all.keys()].map((one) => one.length))
    terminal.out([...all.values()].map((module) => `${module.name.padEnd(width)}  ${module.summary}\n`).join(''))
    return EXIT.ok
  }
  const module = all.get(name.replace(/^ansible\.builtin\./, ''))
  if (module) terminal.out(moduleText(module, Math.min(100, terminal.columns())))
  else terminal.err(`there is no module "${name}": ${didYouMean(name, all.keys()) ?? '`mhprov modules` lists them'}\n`)
  return module ? EXIT.ok : EXIT.usage
}

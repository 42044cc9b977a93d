import { z } from 'zod'
import { fnmatch } from '../facts/fnmatch.ts'
import { hostFact } from '../facts/host.ts'
import { defineModule } from '../module/define.ts'
import { int, list, text } from '../module/params.ts'

const params = z.strictObject({
  filter: list().default([]).describe('Only facts whose names match one of these shell patterns, with or without `ansible_`. Empty: all.'),
  gather_subset: list().default(['all']).describe('Accepted; all facts come from one question, so leaving some out would save nothing.'),
  gather_timeout: int().default(10).describe('Accepted; the run has its own time limits.'),
  fact_path: text().optional().describe('Accepted; there are no facts of your own (`ansible_local`).'),
})

/** The facts of a host, asked on demand; a play that reads a fact asks by itself. */
export const setup = defineModule({
  name: 'setup',
  summary: 'Gather the facts of the host.',
  notes: [
    'Plays need no setup task: facts are asked as soon as something reads one.',
    'There is no fact about Python, since none is needed on the host.',
    'base_distribution, base_codename and base_version say what Linux Mint and its like are built on: Debian or Ubuntu.',
  ],
  params,
  examples: [
    { title: 'All facts', params: {} },
    { title: 'Only some', params: { filter: ['ansible_distribution*', 'ansible_default_ipv4'] } },
  ],
  returns: { ansible_facts: 'The facts by name, `ansible_` in front.' },
  facts: () => ({ host: hostFact() }),
  plan: () => [],
  result: (want, { host }) => {
    const patterns = want.filter.map(fnmatch)
    const facts = Object.entries(host).map(([name, value]): [string, unknown] => [`ansible_${name}`, value])
    const wanted = ([name]: [string, unknown]) => patterns.some((one) => one.test(name) || one.test(name.slice('ansible_'.length)))
    return { ansible_facts: Object.fromEntries(patterns.length === 0 ? facts : facts.filter(wanted)) }
  },
})

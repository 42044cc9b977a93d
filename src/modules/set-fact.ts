import { z } from 'zod'
import { defineModule } from '../module/define.ts'
import { bool } from '../module/params.ts'

export const setFact = defineModule({
  name: 'set_fact',
  summary: 'Set variables of the host for the rest of the run.',
  notes: [
    'Values keep their type: the text "yes" stays text.',
    'mhprov keeps no facts from one run to the next, so `cacheable` changes nothing.',
  ],
  params: z.looseObject({
    cacheable: bool().default(false).describe('Accepted for the sake of existing playbooks: nothing is kept between runs.'),
  }),
  examples: [
    { title: 'Plain and computed values', params: { one_fact: 'something', other_fact: '<%= local_var * 2 %>' } },
    { title: 'A mapping', params: { backup: { keep: 7, paths: ['/etc', '/srv'] } } },
  ],
  returns: { ansible_facts: 'The variables that were set, by name.' },
  plan: (want) => {
    const names = Object.keys(want).filter((name) => name !== 'cacheable')
    const odd = names.find((name) => !/^[A-Za-z_][A-Za-z0-9_]*$/.test(name))
    if (names.length === 0)
      return { changes: [], failure: 'No key/value pairs provided, at least one is required for this action to succeed' }
    if (odd !== undefined)
      return {
        changes: [],
        failure: `The variable name '${odd}' is not valid. Variables must start with a letter or underscore character, and contain only letters, numbers and underscores.`,
      }
    return { changes: [] }
  },
  result: ({ cacheable: _, ...facts }) => ({ changed: false, ansible_facts: facts }),
})

import { modulesMarkdown } from '../module/docs.ts'
import { playbookSchema } from '../module/schema.ts'
import { modules } from '../modules/index.ts'
import { BLOCK, PLAY, TASK } from '../playbook/keywords.ts'

/** The files of the repository that are made from the code, with what they should hold. */
export function generated(): { path: URL; text: string }[] {
  const root = new URL('../../../', import.meta.url)
  const schema = playbookSchema(modules.values(), { play: PLAY, block: BLOCK, task: TASK })
  return [
    { path: new URL('docs/modules.md', root), text: modulesMarkdown(modules.values()) },
    { path: new URL('schema/playbook.schema.json', root), text: `${JSON.stringify(schema, null, 1)}\n` },
  ]
}

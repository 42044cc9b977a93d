import type { Program } from '../playbook/compile.ts'
import { allTags, isSelected } from '../playbook/tags.ts'
import { tasksOf } from '../playbook/tree.ts'
import type { RunArguments } from './options.ts'

/** What --list-hosts, --list-tags and --list-tasks print. */
export function list(program: Program, args: RunArguments): string {
  const lines: string[] = []
  const { tags, skipTags } = program.options
  for (const { play, hosts } of program.plays) {
    lines.push(`play: ${play.name}`)
    if (args.listHosts) lines.push(`  hosts (${hosts.length}):`, ...hosts.map((host) => `    ${host}`))
    if (args.listTasks) {
      const tasks = tasksOf(play.sections.flat()).filter((task) => isSelected(task.tags, tags, skipTags))
      lines.push(
        `  tasks (${tasks.length}):`,
        ...tasks.map(
          (task) => `    ${task.role ? `${task.role.name} : ` : ''}${nameOf(task)}${task.tags.length ? `  [${task.tags.join(', ')}]` : ''}`,
        ),
      )
    }
  }
  if (args.listTags) lines.push(`tags: ${allTags(program.playbook).join(', ') || 'none'}`)
  return `${lines.join('\n')}\n`
}

const nameOf = (task: Program['plays'][number]['play']['handlers'][number]): string =>
  task.name?.kind === 'scalar' ? String(task.name.value) : task.module.name

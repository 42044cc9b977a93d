import { type Diagnostic, problem } from '../diagnostic.ts'
import { didYouMean } from '../did-you-mean.ts'
import { type Playbook, tasksOf } from './tree.ts'

const SPECIAL = ['all', 'tagged', 'untagged', 'always', 'never']

/** Whether a task runs under --tags and --skip-tags, by Ansible's rules (playbooks_tags: always, never, all, tagged, untagged). */
export function isSelected(own: readonly string[], tags: readonly string[], skip: readonly string[]): boolean {
  const wanted = tags.length === 0 ? ['all'] : tags
  const tagged = own.length > 0
  const chosen =
    wanted.some((tag) => own.includes(tag)) ||
    own.includes('always') ||
    (!own.includes('never') &&
      (wanted.includes('all') || (wanted.includes('tagged') && tagged) || (wanted.includes('untagged') && !tagged)))
  if (!chosen) return false
  const skipped =
    skip.some((tag) => own.includes(tag)) ||
    (skip.includes('all') && !own.includes('always')) ||
    (skip.includes('tagged') && tagged) ||
    (skip.includes('untagged') && !tagged)
  return !skipped
}

export const allTags = (playbook: Playbook): string[] =>
  [...new Set(playbook.plays.flatMap((play) => tasksOf(play.sections.flat()).flatMap((task) => task.tags)))].sort()

/** A tag on the command line that no task has is a mistake: it would silently run less than was meant. */
export function unknownTags(playbook: Playbook, given: readonly string[]): Diagnostic[] {
  const known = allTags(playbook)
  return given
    .filter((tag) => !known.includes(tag) && !SPECIAL.includes(tag))
    .map((tag) =>
      problem(
        'unknown-tag',
        `no task has the tag "${tag}"`,
        undefined,
        didYouMean(tag, known) ?? (known.length ? `tags: ${known.join(', ')}` : 'this playbook has no tags'),
      ),
    )
}

// The words a playbook may use, each with what it means (docs and the editor schema are made from these), and those of Ansible
// that people will try, each with what to write instead.

/** Keywords that tasks, blocks, roles, imports and plays share; inner ones win, `when` and `tags` add up. */
export const SHARED = {
  tags: 'Names by which tasks are chosen with --tags and --skip-tags; `always` and `never` are special.',
  become: 'Run as another user (sudo).',
  become_user: 'The user to become; root when unset.',
  environment: "Environment variables for the task's commands.",
  vars: 'Variables for the tasks below.',
  check_mode: 'true: never change anything; false: run for real even in a dry run.',
  diff: 'false: show no diff for this.',
  ignore_errors: 'Go on when it fails.',
  no_log: 'Show neither parameters, results nor output.',
  timeout: 'Seconds after which a running step is ended and the task fails.',
} as const

const BELOW_PLAY = {
  name: 'What this does, for people.',
  when: 'CEL condition, or a list of conditions that must all hold.',
  run_once: 'Run on the first host that arrives; its result counts for all.',
  delegate_to: 'localhost: run on the controller instead of the host.',
} as const

export const PLAY = {
  ...SHARED,
  name: 'What this play does, for people.',
  hosts: 'Pattern of the hosts it is for.',
  argument_specs:
    'The variables of this play with type, required, default, choices, description and rules, or the file that holds them; checked before connecting.',
  secrets: 'Passwords, tokens and keys by name, and where each comes from: generate, ask, env or command.',
  vars_files: 'YAML files of variables, relative to the playbook.',
  pre_tasks: 'Tasks before the roles.',
  roles: 'Roles to run.',
  tasks: 'Tasks to run.',
  post_tasks: 'Tasks after the others and their handlers.',
  handlers: 'Tasks that run once, at the end, when notified.',
  gather_facts: 'false: ansible_facts is empty. Facts cost nothing unless something reads them.',
  serial: 'How many hosts at a time: a number, a percentage, or a list of these.',
  force_handlers: 'Run notified handlers also on a host that failed.',
} as const

export const BLOCK = {
  ...SHARED,
  ...BELOW_PLAY,
  block: 'Tasks.',
  rescue: 'Tasks that run when one in block failed.',
  always: 'Tasks that run in any case.',
} as const

export const TASK = {
  ...SHARED,
  ...BELOW_PLAY,
  loop: 'Run once for each item of this list.',
  loop_control: 'loop_var, index_var, label, pause.',
  register: 'Variable that gets the result.',
  notify: 'Handlers to run when this changed something.',
  listen: 'Topics a handler also answers to.',
  changed_when: 'CEL condition that decides whether it counts as changed.',
  failed_when: 'CEL condition that decides whether it failed.',
  until: 'CEL condition: repeat until it holds.',
  retries: 'How often to repeat under until (3).',
  delay: 'Seconds between repeats (5).',
  args: "More of the module's parameters.",
} as const

/** Ansible's words that mhprov does not have, and the way out. */
export const FOREIGN: Readonly<Record<string, string>> = {
  include_tasks: 'imports are static here: use import_tasks',
  include_role: 'imports are static here: use import_role, or roles:',
  include: 'use import_tasks or import_playbook',
  include_vars: 'use vars_files on the play',
  local_action: 'use the module with delegate_to: localhost',
  action: "write the module's name as the key",
  async: 'a task is waited for; mhprov has no asynchronous tasks',
  poll: 'a task is waited for; mhprov has no asynchronous tasks',
  become_method: 'sudo is used; nothing to set',
  become_flags: 'sudo is used with fixed flags',
  remote_user: 'set ansible_user in the inventory',
  connection: 'set ansible_connection in the inventory',
  port: 'set ansible_port in the inventory',
  strategy: 'hosts run independently, plays are barriers; nothing to set',
  collections: 'module names need no collection',
  module_defaults: 'write the parameters on the tasks, or use a YAML anchor',
  any_errors_fatal: 'use serial to stop a rollout',
  max_fail_percentage: 'use serial to stop a rollout',
  throttle: 'use --forks or serial',
  delegate_facts: 'facts belong to the host that was asked',
  vars_prompt: 'pass values with -e, or put them into the inventory',
}

/** `with_items` and its family. */
export const foreignHint = (key: string): string | undefined =>
  /^with_/.test(key) ? 'use loop' : Object.hasOwn(FOREIGN, key) ? FOREIGN[key] : undefined

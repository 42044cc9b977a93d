// The options of the command line that several commands share, as yargs takes them.

export const text = { type: 'string', requiresArg: true } as const
const texts = { type: 'string', requiresArg: true, array: true, nargs: 1 } as const

export const INVENTORY = {
  inventory: { ...text, alias: 'i', describe: 'Inventory file', default: 'inventory.yaml' },
  limit: { ...texts, alias: 'l', describe: 'Only these hosts: a pattern such as web:!web3' },
  'extra-vars': { ...texts, alias: 'e', describe: 'Variables over all others: name=value, JSON, or @file' },
} as const

export const CONNECTION = {
  user: { ...text, alias: 'u', describe: 'Log in as this user where the inventory says nothing' },
  'private-key': { ...text, alias: 'key-file', describe: 'Log in with this key where the inventory says nothing' },
  become: { type: 'boolean', alias: 'b', describe: 'Run tasks as root (sudo) where they do not say otherwise' },
  'become-user': { ...text, describe: 'The user to become' },
  'ask-become-pass': { type: 'boolean', alias: 'K', describe: "Ask for sudo's password" },
  'ask-pass': { type: 'boolean', alias: 'k', describe: 'Ask for the password to log in with' },
  'host-key-checking': {
    ...text,
    choices: ['yes', 'accept-new'] as const,
    describe: 'What to do with a host key that is not known yet',
  },
  timeout: { ...text, alias: 'T', describe: 'Seconds to wait for a connection' },
} as const

export const RUN = {
  forks: { ...text, alias: 'f', describe: 'Hosts at a time', default: '10' },
  tags: { ...texts, alias: 't', describe: 'Only tasks with one of these tags' },
  'skip-tags': { ...texts, describe: 'No tasks with one of these tags' },
  diff: { type: 'boolean', alias: 'D', describe: 'Show what changes inside files' },
  output: { ...text, alias: 'o', choices: ['auto', 'tty', 'lines', 'json'] as const, default: 'auto', describe: 'How to show the run' },
  verbose: { type: 'count', alias: 'v', describe: 'Say more; repeat for still more' },
} as const

export const LISTS = {
  'list-tasks': { type: 'boolean', describe: 'Name the tasks that would run, and stop' },
  'list-tags': { type: 'boolean', describe: 'Name the tags, and stop' },
  'list-hosts': { type: 'boolean', describe: 'Name the hosts, and stop' },
} as const

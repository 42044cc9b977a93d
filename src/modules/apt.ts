import { defineModule } from '../module/define.ts'
import { aptFacts, aptMore } from './apt/facts.ts'
import { planApt } from './apt/plan.ts'
import { aptResult } from './apt/result.ts'
import { params } from './apt/want.ts'

/** Packages of Debian and what derives from it, by apt-get and dpkg. */
export const apt = defineModule({
  name: 'apt',
  summary: 'Keep Debian packages installed, removed or up to date.',
  notes: [
    'All packages of a task are installed by one apt-get, which never asks: configuration files that were edited are kept.',
    'The package lists are fetched only when something has to be installed, or they were never fetched. A task whose packages are all there leaves them alone, also with update_cache.',
    'update_cache alone, without cache_valid_time, fetches the lists each time and counts as a change each time.',
    'With state latest and lists that are due, only the fetched lists tell whether something is newer: a dry run says "upgrade if there is a newer one".',
    'A package that is there only for another is marked as wanted for itself (apt-mark manual), which does not count as a change.',
    'autoremove and autoclean beside packages act when packages are changed; alone, they are tasks of their own.',
    'A .deb from a URL is known by its file name, name_version_arch.deb; one named otherwise is fetched each time.',
    'Another apt or dpkg at work is waited for (lock_timeout); the output says which process it is.',
  ],
  params,
  examples: [
    { title: 'Several packages in one step', params: { name: ['docker.io', 'apache2', 'postgresql'] } },
    { title: 'With lists not older than an hour', params: { name: 'nginx', update_cache: true, cache_valid_time: 3600 } },
    { title: 'A version', params: { name: 'nginx=1.18.*', allow_downgrade: true } },
    { title: 'The newest version', params: { name: 'certbot', state: 'latest', install_recommends: false } },
    { title: 'Gone, with its configuration', params: { name: 'popularity-contest', state: 'absent', purge: true, autoremove: true } },
    { title: 'Upgrade the whole host', params: { upgrade: 'dist', update_cache: true } },
    { title: 'A package file', params: { deb: '/tmp/element.deb' } },
  ],
  returns: {
    cache_updated: 'Whether the package lists were fetched.',
    cache_update_time: 'When they were last fetched, in seconds since the epoch; 0 for never.',
    stdout: 'What apt-get said, when it ran; what it foretold, where the plan rests on that.',
    stderr: 'What it said on standard error.',
  },
  facts: aptFacts,
  more: aptMore,
  plan: planApt,
  result: aptResult,
})

import { defineModule } from '../module/define.ts'
import {
  planSnippet,
  SITE,
  SNIPPET_NOTES,
  SNIPPET_RETURNS,
  snippetFacts,
  snippetInputs,
  snippetParams,
  snippetResult,
} from './apache/snippet.ts'

/** Sites of Debian's Apache, by a2ensite and a2dissite (a2enmod(8)). */
export const apache2Site = defineModule({
  name: 'apache2_site',
  summary: 'Keep a site of Apache, and whether it is enabled.',
  notes: SNIPPET_NOTES,
  params: snippetParams,
  examples: [
    {
      title: 'A site from a template, enabled once Apache accepts it',
      params: { name: 'matrix.example.com', src: 'matrix-site.conf.ejs', mode: '0644' },
    },
    { title: 'The welcome page is gone', params: { name: '000-default', state: 'absent' } },
  ],
  returns: SNIPPET_RETURNS,
  inputs: snippetInputs,
  facts: snippetFacts(SITE),
  plan: planSnippet(SITE),
  result: snippetResult(SITE),
})

import { defineModule } from '../module/define.ts'
import {
  CONF,
  planSnippet,
  SNIPPET_NOTES,
  SNIPPET_RETURNS,
  snippetFacts,
  snippetInputs,
  snippetParams,
  snippetResult,
} from './apache/snippet.ts'

/** Pieces of configuration of Debian's Apache, by a2enconf and a2disconf (a2enmod(8)). */
export const apache2Conf = defineModule({
  name: 'apache2_conf',
  summary: 'Keep a piece of configuration of Apache, and whether it is enabled.',
  notes: SNIPPET_NOTES,
  params: snippetParams,
  examples: [
    {
      title: 'A few lines for all sites',
      params: { name: 'quiet', content: 'ServerTokens Prod\nServerSignature Off\n' },
    },
    { title: 'What a package brought is disabled', params: { name: 'serve-cgi-bin', state: 'absent' } },
  ],
  returns: SNIPPET_RETURNS,
  inputs: snippetInputs,
  facts: snippetFacts(CONF),
  plan: planSnippet(CONF),
  result: snippetResult(CONF),
})

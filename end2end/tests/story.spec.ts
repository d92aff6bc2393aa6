/** An operator’s day from one end to the other, on one tenant: what the whole console is for. */
import type { Page } from '@playwright/test'
import { type Api, conversation, createKey, expect, suspend, test, unique } from '../fixtures/index.ts'

/**
 * The whole job of an operator, from a list of customers to the audit log that tells it (issue 2, "Outcome"); the same
 * without a script, because everything is links and forms.
 */
for (const script of [true, false]) {
  test.describe.serial(script ? 'an operator’s day, with a script' : 'an operator’s day, without a script', () => {
    test.use({ javaScriptEnabled: script })

    const run = unique()
    const name = `Universität Straßenäcker ${run}`
    // What an address can hold of it.
    const slug = `universitaet-strassenaecker-${run}`
    const csv = [
      'name,domain,country,country_code,plan',
      `${name},acker-${run}.example,Germany,DE,professional`,
      `Fundação Hermínio ${run},hermi-${run}.example,Brazil,BR,starter`,
      `東京大学 ${run},tokyo-${run}.example,Japan,JP,free`,
      `Škoda Zdraví ${run},skoda-${run}.example,Czechia,CZ,enterprise`,
      `Twice ${run},hermi-${run}.example,Brazil,BR,starter`,
      `Golden Plan ${run},golden-${run}.example,France,FR,golden`,
      `"Smith, Sons & <b>Daughters</b> ${run}",smith-${run}.example,Ireland,IE,starter`,
      `Plain ${run},plain-${run}.example,Spain,ES,`,
    ].join('\n')

    let page: Page
    let key = ''

    test.beforeAll(async ({ browser, sessions, baseURL }) => {
      const context = await browser.newContext({ baseURL, javaScriptEnabled: script, storageState: await sessions.of('operator') })
      page = await context.newPage()
    })
    test.afterAll(() => page.context().close())

    const section = (label: string) =>
      page.getByRole('navigation', { name: 'Tenant sections' }).getByRole('link', { name: label })

    test('imports a list, sees what is wrong with it, and creates the rest', async () => {
      await page.goto('/tenants')
      await page.getByRole('link', { name: 'Import' }).click()
      await page.getByLabel('File').setInputFiles({ name: `customers-${run}.csv`, mimeType: 'text/csv', buffer: Buffer.from(csv) })
      await page.getByRole('button', { name: 'Show preview' }).click()

      await expect(page.getByRole('heading', { level: 1, name: `customers-${run}.csv` })).toBeVisible()
      await expect(page.getByText('6 tenants will be created, each with a trial of 14 days. 2 rows with problems stay out.')).toBeVisible()
      const rows = page.getByRole('table', { name: 'Rows of the file' }).getByRole('row')
      await expect(rows).toHaveCount(9)
      await expect(rows.filter({ hasText: '東京大学' })).toContainText(`tokyo-${run}.example`)

      await page.getByRole('link', { name: 'With problems 2' }).click()
      await expect(rows).toHaveCount(3)
      await expect(rows.filter({ hasText: `Twice ${run}` })).toContainText(/domain/i)
      await expect(rows.filter({ hasText: `Golden Plan ${run}` })).toContainText(/plan/i)

      await page.getByRole('button', { name: 'Create 6 tenants' }).click()
      await expect(page.getByRole('status').filter({ hasText: '6 tenants created.' })).toBeVisible()
      await expect(page).toHaveURL(/sort=-created/)
    })

    test('finds one of them and opens it', async () => {
      await page.getByRole('searchbox', { name: 'Search tenants' }).fill(`STRASSENAECKER ${run}`)
      await page.getByRole('button', { name: 'Apply' }).click()
      await expect(page.getByRole('link', { name: new RegExp(`^Search: STRASSENAECKER ${run}`) })).toBeVisible()
      await page.getByRole('link', { name, exact: true }).click()
      await expect(page).toHaveURL(`/tenants/${slug}`)
      await expect(page.getByRole('heading', { level: 1, name })).toBeVisible()
      await expect(page.getByRole('list', { name: 'Lifecycle' }).getByRole('listitem').filter({ hasText: 'Configure' })).toContainText('of 7 items')
      await expect(page.getByRole('region', { name: 'Key facts' }).getByRole('definition').filter({ hasText: 'Professional' })).toBeVisible()
    })

    test('enables a baseline task and overrides its prompt', async () => {
      await section('Tasks').click()
      await expect(page.getByText('No tasks are on')).toBeVisible()
      await page.getByRole('link', { name: 'Disabled 4' }).click()
      const off = page.getByRole('switch', { name: 'Sentiment classification' })
      await expect(off).not.toBeChecked()
      await off.click()
      await expect(page.getByRole('status').filter({ hasText: 'Sentiment classification is enabled.' })).toBeVisible()

      await page.getByRole('link', { name: 'Enabled 1' }).click()
      const card = page.getByRole('article', { name: 'Sentiment classification' })
      await expect(card.getByRole('switch')).toBeChecked()
      await expect(card.getByRole('link', { name: /Overridden settings/ })).toHaveCount(0)
      await card.getByRole('link', { name: 'Edit Sentiment classification' }).click()

      const prompt = page.getByRole('group', { name: 'Prompt' })
      await prompt.getByRole('radio', { name: 'Override' }).check()
      const own = page.getByRole('textbox', { name: 'Own prompt' })
      await own.fill(`${await own.inputValue()}\nJudge the customer’s words only.`)
      await page.getByRole('button', { name: 'Save' }).click()
      // Without a reason it stays where it is, with what was typed.
      await expect(page.getByRole('alert')).toContainText('There is a problem')
      await expect(own).toHaveValue(/Judge the customer’s words only\.$/)
      await page.getByRole('textbox', { name: 'Reason' }).fill('Agents here are always polite.')
      await page.getByRole('button', { name: 'Save' }).click()
      await expect(page.getByRole('status').filter({ hasText: 'The settings are saved.' })).toBeVisible()
      await expect(page.getByRole('link', { name: /^Overridden settings 1/ })).toBeVisible()
      await expect(page.getByText('Agents here are always polite.')).toBeVisible()

      await section('Tasks').click()
      await expect(card.getByRole('link', { name: /^Overridden settings 1/ })).toBeVisible()
    })

    test('makes a key, which is shown once', async () => {
      key = await createKey(page, slug, 'Read and write', 'Call centre')
      expect(key).toMatch(/^stw_/)
      await expect(page.getByRole('alert')).toContainText('The key “Call centre” is made.')
      await section('API keys').click()
      await expect(page.getByRole('row', { name: /^Call centre/ })).toBeVisible()
      await expect(page.getByText(key)).toHaveCount(0)
    })

    test('what the program sends is analysed', async ({ api }) => {
      const program = api(key)
      const happy = conversation('praise-1', {
        channel: 'voice',
        turns: [
          { speaker: 'customer', text: 'Good morning! I wanted to say thank you, the technician was wonderful and very friendly.' },
          { speaker: 'agent', text: 'That is great to hear. I will pass it on. Anything else?' },
          { speaker: 'customer', text: 'No, I am really happy with everything. Excellent service, thanks!' },
        ],
      })
      const sent = await program.send([
        happy,
        conversation('call-1', { channel: 'voice' }),
        conversation('chat-1'),
        conversation('mail-1', { channel: 'email', language: 'de', turns: [{ speaker: 'customer', text: 'Guten Tag, meine Rechnung ist falsch.' }] }),
      ])
      expect(sent.status()).toBe(200)
      expect(await sent.json()).toEqual({ received: 4, created: 4, duplicates: 0 })

      const detail = async (id: string) => (await program.get(`/conversations/${id}`)).json()
      for (const id of ['praise-1', 'call-1', 'chat-1', 'mail-1']) {
        await expect.poll(async () => (await detail(id)).state, { timeout: 30_000 }).toBe('done')
      }
      const praise = await detail('praise-1')
      expect(praise.runs).toEqual([expect.objectContaining({ task: 'sentiment', overridden: true, outcome: 'succeeded' })])
      expect(praise.values).toEqual([
        expect.objectContaining({ field: 'sentiment', value: 'positive', explanation: expect.stringMatching(/\S/) }),
      ])
    })

    test('usage, health, fields and onboarding follow', async ({ api }) => {
      await expect
        .poll(async () => {
          const { usage } = await (await api(key).get('/tenant')).json()
          return Object.fromEntries(usage.map((each: { meter: string; today: number }) => [each.meter, each.today]))
        }, { timeout: 30_000 })
        .toMatchObject({ conversations: 4, task_runs: 4 })

      await section('Usage').click()
      const chart = page.getByRole('figure', { name: 'Conversations per day' })
      await expect(chart.getByRole('img')).toBeVisible()
      await chart.getByText('Data table').click()
      await expect(chart.getByRole('cell', { name: '4', exact: true })).toHaveCount(1)

      await section('Fields').click()
      await expect(page.getByRole('row', { name: /^Sentiment/ })).toContainText('of 4')

      await section('Health').click()
      await page.getByRole('button', { name: 'Compute now' }).click()
      await expect(page.getByRole('row', { name: /^Feature adoption/ })).toContainText('1 of 4 baseline tasks enabled')

      await section('Onboarding').click()
      await expect(page.getByRole('heading', { level: 2, name: 'Onboarding' })).toBeVisible()
      // What begins with the title: an item that waits for another names that one too.
      const summaryOf = (title: string) => page.locator('summary', { hasText: new RegExp(`^${title}`) })
      const itemOf = (title: string) => page.getByRole('listitem').filter({ has: summaryOf(title) })
      // Nobody asks for these: the sweep sees that the tenant works.
      for (const title of ['Ingestion configured', 'Global baseline AI tasks available as Disabled']) {
        await expect(async () => {
          await page.reload()
          await expect(itemOf(title)).toContainText('done, proven by an automatic check', { timeout: 1_000 })
        }).toPass({ timeout: 30_000 })
      }
      for (const [step, title] of [
        ['transcription', 'Transcription validated'],
        ['task_runs', 'AI Assistant job processing confirmed'],
        ['dashboards', 'Dashboards and search available'],
      ] as const) {
        const [summary, item] = [summaryOf(title), itemOf(title)]
        const again = item.getByRole('button', { name: /^Check again/ })
        // The item that waits is open by itself, and so is the one that was checked last.
        if (!(await again.isVisible())) await summary.click()
        await again.click()
        // The answer, before the next is asked: leaving a page gives up what it has asked.
        await expect(page).toHaveURL(new RegExp(`item=${step}$`))
        await expect(page.getByRole('status').filter({ hasText: 'The check passed' })).toBeVisible()
        await expect(item).toContainText('done, proven by an automatic check')
      }
    })

    test('suspending it refuses the same key at once; reinstating lets it in again', async ({ api }) => {
      const program: Api = api(key)
      expect((await program.get('/tenant')).status()).toBe(200)
      await suspend(page, slug, { why: 'Security incident', scope: 'Blocked', reason: 'A key was seen in a public repository.' })
      await expect(page.getByRole('status').filter({ hasText: `${name} is suspended.` })).toBeVisible()
      for (const response of [await program.get('/tenant'), await program.sendOne(conversation('late'))]) {
        expect(response.status()).toBe(403)
        expect(await response.json()).toMatchObject({ type: 'urn:steward:problem:tenant-suspended', status: 403 })
      }
      await expect(page.getByText('Suspended, blocked')).toBeVisible()

      await page.getByRole('link', { name: 'Reinstate…' }).first().click()
      await page.getByLabel('Proof that the cause is gone').fill('The key was revoked there.')
      await page.getByRole('button', { name: 'Reinstate tenant' }).click()
      await expect(page.getByRole('heading', { level: 1, name })).toBeVisible()
      expect((await program.get('/tenant')).status()).toBe(200)
      expect((await program.sendOne(conversation('late'))).status()).toBe(201)
    })

    test('the audit log tells all of it, and its chain is sound', async () => {
      await section('Audit').click()
      const rows = page.getByRole('table', { name: 'Audit log' }).getByRole('row')
      const actions = (await rows.getByRole('cell').getByRole('code').allTextContents()).reverse()
      const told = ['tenant.create', 'task.enable', 'task.override', 'api_key.create', 'tenant.suspend', 'access.denied', 'tenant.reinstate']
      expect(actions.filter((action, at) => told.includes(action) && actions.indexOf(action) === at)).toEqual(told)
      await expect(rows.filter({ hasText: 'tenant.suspend' })).toContainText('A key was seen in a public repository.')

      await rows.filter({ hasText: 'tenant.suspend' }).getByRole('link').first().click()
      await expect(page.getByRole('heading', { level: 1 })).toBeVisible()
      await expect(page.getByRole('row').filter({ hasText: 'status' }).first()).toContainText(/trial.*suspended/)
      await page.goBack()

      await page.getByRole('button', { name: 'Verify chain' }).click()
      await expect(page.getByRole('status').filter({ hasText: `The chain of ${slug} is sound` })).toBeVisible()
    })
  })
}

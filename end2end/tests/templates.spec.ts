import { createKey, expect, expectAccessible, test, unique } from '../fixtures/index.ts'

// Templates are the platform's: a test makes its own, so that no other test is moved by it.
async function makeTemplate(page: import('@playwright/test').Page): Promise<{ name: string; key: string }> {
  const word = unique()
  const template = { name: `Test template ${word}`, key: `test-template-${word}` }
  await page.goto('/templates/new')
  await page.getByLabel('Name', { exact: true }).fill(template.name)
  await page.getByLabel('Begin with the contents of').selectOption('baseline.1')
  await page.getByRole('button', { name: 'Create template' }).click()
  await expect(page).toHaveURL(`/templates/${template.key}/edit`)
  return template
}

async function publish(page: import('@playwright/test').Page): Promise<void> {
  await page.getByRole('button', { name: 'Save draft' }).click()
  await page.getByRole('button', { name: /^Publish version/ }).click()
  await expect(page.getByRole('status').filter({ hasText: 'is published' })).toBeVisible()
}

test('a quota of a template is written, kept when it is wrong, and seen in a comparison', async ({ as }) => {
  const page = await as('operator')
  const template = await makeTemplate(page)
  const quota = page.getByLabel('Users (optional)')
  await quota.fill('many')
  await page.getByRole('button', { name: 'Save draft' }).click()
  await expect(page.getByRole('alert')).toContainText('is no limit')
  await expect(quota).toHaveValue('many')
  await quota.fill('33')
  await page.getByLabel('Storage (optional)').fill('2 GB')
  await publish(page)
  await page.goto(`/templates/compare?from=baseline.1&to=${template.key}.1`)
  const quotas = page.getByRole('table', { name: 'Quotas, side by side' })
  await expect(quotas.getByRole('row', { name: /^Users/ })).toContainText(/Not said.*33/)
  await expect(quotas.getByRole('row', { name: /^Storage/ })).toContainText(/2\sGB/)
  await page.goto(`/templates/${template.key}`)
  await expect(page.getByText('Users: 33')).toBeVisible()
})

test('a template is written, published, applied to a tenant, and the tenant stays aligned or says why not', async ({ as, tenant }) => {
  const page = await as('operator')
  const done = (text: string | RegExp) => page.getByRole('status').filter({ hasText: text })
  const template = await makeTemplate(page)
  const baseline = `/tenants/${tenant.slug}/baseline`

  await test.step('a wrong value keeps everything and says where', async () => {
    await page.getByLabel('Longest answer', { exact: true }).selectOption('value')
    await page.getByLabel('Value of longest answer').fill('-5')
    await page.getByRole('button', { name: 'Save draft' }).click()
    await expect(page.getByRole('alert')).toContainText('There is a problem')
    await expect(page.getByLabel('Value of longest answer')).toHaveValue('-5')
    await page.getByLabel('Value of longest answer').fill('700')
    await page.getByLabel('Session idle time', { exact: true }).selectOption('locked')
    await page.getByLabel('Value of session idle time').fill('20')
    await publish(page)
  })

  await test.step('the preview says what changes, and applying does it', async () => {
    await page.goto(`${baseline}/apply?to=${template.key}.1`)
    const lines = page.getByRole('table', { name: 'What applying changes' })
    await expect(lines.getByRole('row', { name: /^Session idle time/ })).toContainText(/30 minutes.*20 minutes/)
    await page.getByRole('button', { name: `Apply ${template.name}, version 1` }).click()
    await expect(page).toHaveURL(/\/operations\/[0-9a-f-]{36}/)
    await expect(page.getByRole('heading', { level: 1, name: `Apply template ${tenant.name}` })).toBeVisible()
    await expect(page.getByRole('heading', { name: 'It is done' })).toBeVisible({ timeout: 40_000 })
    await page.getByRole('link', { name: 'Open its baseline' }).click()
    await expect(page).toHaveURL(baseline)
  })

  await test.step('a locked setting cannot be changed, another can, with its reason', async () => {
    await page.goto(`/tenants/${tenant.slug}/settings/security.session_idle_minutes`)
    await expect(page.getByText(`Locked by the template ${template.name}, version 1.`)).toBeVisible()
    await expect(page.getByRole('button', { name: 'Save change' })).toHaveCount(0)
    await page.goto(`/tenants/${tenant.slug}/settings/ai.max_tokens`)
    await page.getByRole('spinbutton', { name: 'Longest answer' }).fill('900')
    await page.getByRole('button', { name: 'Save change' }).click()
    await expect(page.getByRole('alert')).toContainText('A reason is needed.')
    await page.getByLabel('Reason', { exact: true }).fill('Long calls.')
    await page.getByRole('button', { name: 'Save change' }).click()
    await expect(done('is set to 900 tokens')).toBeVisible()
    const row = page.getByRole('row', { name: /^Longest answer/ })
    await expect(row).toContainText('This tenant')
  })

  await test.step('the difference is seen, accepted with an end, and taken back', async () => {
    await page.goto(baseline)
    const row = page.getByRole('row', { name: /^Longest answer/ })
    await expect(row).toContainText(/700 tokens.*900 tokens.*Differs/)
    await row.getByRole('link', { name: /^Accept/ }).click()
    await page.getByLabel('Reason', { exact: true }).fill('Agreed with the customer.')
    await page.getByLabel('Until (optional)').fill('2020-01-01')
    await page.getByRole('button', { name: 'Accept difference' }).click()
    await expect(page.getByRole('alert')).toContainText('Choose a day that is ahead.')
    await page.getByLabel('Until (optional)').fill('')
    await page.getByRole('button', { name: 'Accept difference' }).click()
    await expect(row).toContainText(/Accepted.*Agreed with the customer/)
    await row.getByRole('link', { name: /^Acceptance/ }).click()
    await page.getByLabel('Reason for taking it back').fill('It was a test.')
    await page.getByRole('button', { name: 'Take back' }).click()
    await expect(row).toContainText('Differs')
  })

  await test.step('the fleet’s list knows it, and the audit log has every step', async () => {
    await page.goto(`/alignment?template=${template.key}&standing=drifting`)
    await expect(page.getByRole('link', { name: tenant.name })).toBeVisible()
    await expectAccessible(page)
    await page.goto(`/tenants/${tenant.slug}/audit`)
    for (const action of ['template.apply', 'setting.set', 'template.accept', 'template.take_back'])
      await expect(page.getByRole('row').filter({ hasText: action }).first()).toBeVisible()
  })

  await test.step('reverting inherits again', async () => {
    await page.goto(`/tenants/${tenant.slug}/settings/ai.max_tokens`)
    await page.getByLabel('Reason for reverting').fill('Back to the template.')
    await page.getByRole('button', { name: 'Revert to inherit' }).click()
    await expect(page.getByRole('row', { name: /^Longest answer/ })).toContainText(/700 tokens.*Template/)
  })
})

test('a new version is compared and rolled out in waves', async ({ as, tenant }) => {
  const page = await as('operator')
  const template = await makeTemplate(page)
  await publish(page)
  await page.getByRole('button', { name: 'New version' }).click()
  await page.getByLabel('What changed').fill('Shorter answers.')
  await page.getByLabel('Longest answer', { exact: true }).selectOption('value')
  await page.getByLabel('Value of longest answer').fill('400')
  await page.getByRole('button', { name: 'Save draft' }).click()
  await expect(page.getByRole('row', { name: /^Longest answer/ })).toContainText(/1.000 tokens.*400 tokens/)
  await page.getByRole('button', { name: 'Publish version 2' }).click()

  await page.goto(`/templates/compare?from=${template.key}.1&to=${template.key}.2`)
  await expect(page.getByText('1 difference from')).toBeVisible()

  await page.goto(`/templates/${template.key}/roll-out`)
  await page.getByRole('radio', { name: 'The tenants listed below' }).check()
  await page.getByLabel('Tenants (optional)').fill(`${tenant.slug} no-such-tenant`)
  await page.getByLabel(/^The next wave begins by itself after/).fill('24')
  await page.getByLabel(/^It pauses where more of a wave fails than/).fill('10')
  await page.getByLabel(/^It pauses where task success falls by more than/).fill('5')
  await page.getByRole('checkbox', { name: /differs from the template/ }).check()
  await page.getByRole('button', { name: 'Preview' }).click()
  await expect(page.getByText('There is no such tenant.')).toBeVisible()
  await expect(page.getByLabel(/^It pauses where more of a wave fails than/)).toHaveValue('10')
  await expect(page.getByLabel(/^It pauses where task success falls by more than/)).toHaveValue('5')
  await expect(page.getByRole('checkbox', { name: /differs from the template/ })).toBeChecked()
  await page.getByLabel('Reason', { exact: true }).fill('New version.')
  await page.getByRole('button', { name: 'Roll out to 1 tenant' }).click()
  await expect(page.getByRole('heading', { level: 1, name: /^Roll-out of/ })).toBeVisible()
  await expect(async () => {
    await page.reload()
    await expect(page.getByRole('table', { name: 'Tenants of the roll-out' }).getByRole('row', { name: tenant.name })).toContainText('Applied')
  }).toPass({ timeout: 20_000 })
  await expectAccessible(page)
})

test('without a script, and on a phone', async ({ browser, sessions, tenant }) => {
  const context = await browser.newContext({ storageState: await sessions.of('operator'), javaScriptEnabled: false, viewport: { width: 390, height: 800 }, colorScheme: 'dark' })
  const page = await context.newPage()
  const paths = ['/templates', '/templates/baseline', '/alignment', '/settings', `/tenants/${tenant.slug}/settings`, `/tenants/${tenant.slug}/baseline`]
  for (const path of paths) {
    await page.goto(path)
    const wide = await page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth)
    expect(wide, `${path} scrolls sideways`).toBe(false)
  }
  await page.goto(`/tenants/${tenant.slug}/settings/security.mfa`)
  await page.getByRole('combobox', { name: 'Second factor' }).selectOption('required')
  await page.getByLabel('Reason', { exact: true }).fill('Policy.')
  await page.getByRole('button', { name: 'Save change' }).click()
  await expect(page.getByRole('status').filter({ hasText: 'is set to Required' })).toBeVisible()
  await context.close()
})

test('a tenant’s admin sees its settings, changes what is left to it, and no templates', async ({ as, tenant }) => {
  const page = await as('tenant_admin')
  for (const path of ['/templates', '/alignment', '/settings', '/templates/baseline'])
    expect((await page.goto(path))?.status(), path).toBe(403)
  for (const path of ['settings', 'settings/ai.model', 'baseline'])
    expect((await page.goto(`/tenants/${tenant.slug}/${path}`))?.status(), path).toBe(404)
})

test('a program reads the settings of its tenant', async ({ api, as, tenant }) => {
  const key = await createKey(await as('operator'), tenant.slug, 'Read-only')
  const settings = (await (await api(key).get('/settings')).json()) as { key: string; value: unknown; from: string }[]
  expect(settings.find((setting) => setting.key === 'ai.model')).toMatchObject({ value: 'gpt-4o-mini' })
  const template = await api(key).get('/template')
  expect([200, 404]).toContain(template.status())
})

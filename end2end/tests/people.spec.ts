/** People by the list (R23): with a new tenant in the wizard, and several at once into one that is there. */
import { discardDraft, expect, expectAccessible, test, unique } from '../fixtures/index.ts'
import type { Page } from '@playwright/test'

/** Answers the wizard's pages up to the one with the administrator. */
async function upToPeople(page: Page, name: string): Promise<void> {
  await page.goto('/tenants/new')
  await page.getByRole('button', { name: 'Continue' }).click()
  await page.getByLabel('Name', { exact: true }).fill(name)
  await page.getByRole('button', { name: 'Continue' }).click()
  await page.getByRole('radio', { name: /^Professional/ }).check()
  await page.getByRole('button', { name: 'Continue' }).click()
  await expect(page).toHaveURL(/\/people$/)
}

for (const script of [true, false]) {
  test.describe(script ? 'with a script' : 'without a script', () => {
    test.use({ javaScriptEnabled: script })

    test('a new tenant takes its first people from a list', async ({ as }) => {
      const page = await as('operator')
      const word = unique()
      await upToPeople(page, `Listed ${word}`)
      await page.getByLabel('Name (optional)').fill('Ada Lovelace')
      const mail = page.getByLabel('E-mail (optional)')
      await mail.fill('nobody')
      const list = page.getByLabel('More people (optional)')
      const wrong = `name,email,role\nBo Roe,bo-${word}@example.com,admin\nNo Address,nowhere,member\nTwice,bo-${word}@example.com\n`
      await list.fill(wrong)
      await page.getByRole('button', { name: 'Continue' }).click()
      await expect(list).toHaveAttribute('aria-invalid', 'true')
      const problem = page.locator('#f-people-error')
      await expect(problem).toContainText('Line 3: “nowhere” is not an e-mail address.')
      await expect(problem).toContainText(`Line 4: “bo-${word}@example.com” is on line 2 already.`)
      // What is wrong elsewhere on the page is told with it, and nothing is lost.
      await expect(mail).toHaveAttribute('aria-invalid', 'true')
      await expect(list).toHaveValue(wrong)
      await expect(page.getByLabel('Name (optional)')).toHaveValue('Ada Lovelace')
      if (script) await expectAccessible(page)

      await mail.fill(`ada-${word}@example.com`)
      await list.fill(`Ada,ADA-${word}@example.com`)
      await page.getByRole('button', { name: 'Continue' }).click()
      await expect(problem).toContainText('is the first administrator already')

      await list.fill(`Bo Roe,bo-${word}@example.com,admin\n"Roe, Jane",jane-${word}@example.com\n`)
      await page.getByRole('button', { name: 'Continue' }).click()
      await expect(page).toHaveURL(/\/review$/)
      const answers = page.getByRole('region', { name: 'Administrators and contacts' })
      await expect(answers).toContainText(`2 people: Bo Roe (bo-${word}@example.com, Tenant admin); Roe, Jane`)
      await answers.getByRole('link', { name: /^Change/ }).click()
      await expect(list).toHaveValue(`Bo Roe,bo-${word}@example.com,admin\n"Roe, Jane",jane-${word}@example.com,member\n`)
      await discardDraft(page)
    })

    test('several people are invited after a preview, and what is wrong stays to be mended', async ({ as, tenant }) => {
      const page = await as('operator')
      const word = unique()
      await page.goto(`/tenants/${tenant.slug}/users`)
      await page.getByRole('link', { name: 'Invite several' }).click()
      await expect(page).toHaveURL(/\/users\/invite$/)
      const list = page.getByLabel('People', { exact: true })

      // An empty list is told beside its field.
      await page.getByRole('button', { name: 'Show preview' }).click()
      await expect(page.locator('#f-people-error')).toContainText('Write one person on each line')

      await list.fill(`Nia Novak,nia-${word}@example.com,admin\nOtto,otto-${word}@example.com\nWrong,wrong\n`)
      await page.getByRole('button', { name: 'Show preview' }).click()
      const preview = page.getByRole('region', { name: 'Preview' })
      await expect(preview).toContainText('2 people will be invited')
      await expect(preview).toContainText('seats are left')
      await expect(preview.getByRole('row', { name: /Nia Novak/ })).toContainText('Will be invited')
      await expect(preview.getByRole('row', { name: /Wrong/ })).toContainText('“wrong” is not an e-mail address.')
      if (script) await expectAccessible(page)

      await page.getByRole('button', { name: 'Invite 2 people' }).click()
      const outcome = page.getByRole('region', { name: 'What became of the list' })
      await expect(outcome).toContainText('2 people were invited')
      await expect(outcome.getByRole('row', { name: /Otto/ })).toContainText('Invited')
      // What was wrong is there to be mended, and nothing else.
      await expect(list).toHaveValue('Wrong,wrong\n')
      await list.fill(`Wrong,right-${word}@example.com\nNia Novak,nia-${word}@example.com\n`)
      await page.getByRole('button', { name: 'Show preview' }).click()
      await expect(preview).toContainText('1 person will be invited')
      await expect(preview.getByRole('row', { name: /Nia Novak/ })).toContainText('Already there')
      await page.getByRole('button', { name: 'Invite 1 person' }).click()
      await expect(outcome).toContainText('1 person was invited')
      await outcome.getByRole('link', { name: 'All people' }).click()
      for (const name of ['Nia Novak', 'Otto', 'Wrong']) {
        await expect(page.getByRole('row', { name: new RegExp(name) })).toContainText('Invited')
      }
    })
  })
}

test('the page of the list fits a phone', async ({ as, tenant }) => {
  const page = await as('operator')
  await page.setViewportSize({ width: 360, height: 740 })
  await page.goto(`/tenants/${tenant.slug}/users/invite`)
  await page.getByLabel('People', { exact: true }).fill(`Nia Novak,${'n'.repeat(50)}@example.com\nWrong,wrong\n`)
  await page.getByRole('button', { name: 'Show preview' }).click()
  await expect(page.getByRole('region', { name: 'Preview' })).toBeVisible()
  const wide = await page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth)
  expect(wide).toBe(false)
  await expectAccessible(page)
})

test('who may not invite has no page for it', async ({ as, tenant }) => {
  const page = await as('success')
  const response = await page.goto(`/tenants/${tenant.slug}/users/invite`)
  expect(response?.status()).toBe(403)
})

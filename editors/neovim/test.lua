-- Run headless: opens a config, waits for findings, applies the preferred quick fix, writes the file.
-- nvim --headless --clean -l is not in every Neovim, so: nvim --headless --clean -u NONE -S test.lua
local folder = vim.env.FTLINT_FOLDER
local ok, problem = pcall(function()
  local ftlint = dofile(vim.env.FTLINT_LUA)
  ftlint.cmd = { vim.env.FTLINT, "server" }
  ftlint.setup()
  vim.cmd("filetype on")
  vim.cmd("edit " .. vim.fn.fnameescape(folder .. "/sft.yaml"))
  local buffer = vim.api.nvim_get_current_buf()

  local function found(code)
    for _, one in ipairs(vim.diagnostic.get(buffer)) do
      if one.code == code then
        return one
      end
    end
  end
  assert(vim.wait(30000, function() return found("FT101") ~= nil end, 20), "no finding was shown")
  local finding = found("FT101")
  assert(finding.lnum == 3 and finding.col == 0, "it is shown at another place")
  assert(finding.source == "ftlint", "it says not whose it is")

  vim.api.nvim_win_set_cursor(0, { finding.lnum + 1, finding.col })
  local params = vim.lsp.util.make_range_params()
  params.context = { diagnostics = { finding.user_data.lsp and {
    range = {
      start = { line = finding.lnum, character = finding.col },
      ["end"] = { line = finding.end_lnum, character = finding.end_col },
    },
    code = finding.code, message = finding.message, source = finding.source,
  } or nil }, only = { "quickfix" } }
  local answers = vim.lsp.buf_request_sync(buffer, "textDocument/codeAction", params, 30000)
  local chosen
  for client, answer in pairs(answers or {}) do
    for _, action in ipairs(answer.result or {}) do
      if action.isPreferred then
        chosen = { client = client, action = action }
      end
    end
  end
  assert(chosen, "no quick fix is preferred")
  local client = vim.lsp.get_client_by_id(chosen.client)
  local edit = chosen.action.edit
  if not edit then
    edit = client.request_sync("codeAction/resolve", chosen.action, 30000, buffer).result.edit
  end
  vim.lsp.util.apply_workspace_edit(edit, client.offset_encoding)
  assert(vim.wait(30000, function() return found("FT101") == nil end, 20), "the finding stays")
  vim.cmd("write")

  local hover = vim.lsp.buf_request_sync(buffer, "textDocument/hover", {
    textDocument = vim.lsp.util.make_text_document_params(buffer),
    position = { line = 2, character = 1 },
  }, 30000)
  local _, told = next(hover)
  assert(vim.inspect(told):find("sft", 1, true), "hover says nothing of stage")
end)
if not ok then
  io.stderr:write(tostring(problem) .. "\n")
  vim.cmd("cquit 1")
end
vim.cmd("qall!")

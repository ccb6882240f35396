-- expect: failed
-- message: contains a�b�
function main() error("a\xffb\xed\xa0", 0) end

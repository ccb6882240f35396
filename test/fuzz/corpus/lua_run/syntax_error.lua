function main( return

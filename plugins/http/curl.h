// libcurl's handles, each with its owner. The one place that includes its header.
#pragma once

#include <curl/curl.h>

#include <memory>
#include <new>

namespace sluice::http {

// CURL and CURLM are both `void`: a deleter for each.
struct EasyDeleter {
  void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
};
struct MultiDeleter {
  void operator()(CURLM* multi) const { curl_multi_cleanup(multi); }
};
struct UrlDeleter {
  void operator()(CURLU* url) const { curl_url_cleanup(url); }
};
struct ListDeleter {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
struct TextDeleter {
  void operator()(char* text) const { curl_free(text); }
};

using Easy = std::unique_ptr<CURL, EasyDeleter>;
using Multi = std::unique_ptr<CURLM, MultiDeleter>;
using UrlHandle = std::unique_ptr<CURLU, UrlDeleter>;
using CurlText = std::unique_ptr<char, TextDeleter>;

// A list of lines that grows at its end.
class Lines {
 public:
  void add(const char* line) {
    curl_slist* longer = curl_slist_append(list_.get(), line);
    if (longer == nullptr) throw std::bad_alloc();
    list_.release();
    list_.reset(longer);
  }
  curl_slist* get() const { return list_.get(); }

 private:
  std::unique_ptr<curl_slist, ListDeleter> list_;
};

}  // namespace sluice::http
